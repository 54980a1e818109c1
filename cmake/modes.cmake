# Build types and the special builds of CMakePresets.json.
set(SAGAD_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(SAGAD_FUZZ "Build the fuzz targets of tests/fuzz (clang only)" OFF)
option(SAGAD_COVERAGE "Count which lines and branches the tests reach" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# Never -DNDEBUG: asserts stay on in every build.
set(CMAKE_C_FLAGS_DEBUG "-O0 -g3")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")

if(SAGAD_SANITIZE)
    add_compile_options(-fsanitize=${SAGAD_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${SAGAD_SANITIZE})
endif()
if(SAGAD_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "Fuzz targets need clang (libFuzzer): use the preset fuzz")
    endif()
    # -O1: built sooner, and as fast where the sanitizers take the time.
    add_compile_options(-O1 -gline-tables-only
        -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
endif()
if(SAGAD_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
