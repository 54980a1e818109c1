# Tests are found by their folder. A C file with a main() is a test of its own; the
# other C files of its folder are linked into each. A test links the parts whose
# headers it includes, so that it builds as soon as those do.

# The parts named by the include lines of files; tests/support is one of them.
function(parts_included out_var)
    get_property(parts GLOBAL PROPERTY PARTS)
    set(found "")
    foreach(file IN LISTS ARGN)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(STRINGS ${file} lines REGEX "^#include \"")
        foreach(entry IN LISTS parts)
            string(REPLACE "=" ";" entry "${entry}")
            list(GET entry 0 folder)
            list(GET entry 1 name)
            if("${lines}" MATCHES "#include \"${folder}/")
                list(APPEND found ${name})
            endif()
        endforeach()
    endforeach()
    list(REMOVE_DUPLICATES found)
    set(${out_var} ${found} PARENT_SCOPE)
endfunction()

# c_tests(folder label timeout_seconds [NO_TEST]): an executable for each test file
# and, without NO_TEST, a ctest of its name.
function(c_tests folder label timeout_s)
    cmake_parse_arguments(T "NO_TEST" "" "" ${ARGN})
    set(mains "")
    set(shared "")
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.c)
    foreach(file IN LISTS files)
        file(STRINGS ${file} main REGEX "^int main\\(")
        if(main)
            list(APPEND mains ${file})
        else()
            list(APPEND shared ${file})
            set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        endif()
    endforeach()
    foreach(file IN LISTS mains)
        get_filename_component(name ${file} NAME_WE)
        parts_included(parts ${file} ${shared})
        add_executable(${name} ${file} ${shared})
        target_link_libraries(${name} PRIVATE ${parts} PkgConfig::CHECK house m)
        if(NOT T_NO_TEST)
            add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
            # Check's own limit of 4 s a test is too short under a sanitizer or a load.
            set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout_s}
                ENVIRONMENT "CK_DEFAULT_TIMEOUT=120")
        endif()
    endforeach()
endfunction()

# The distribution's Python, whatever comes first on the PATH: its packages are
# the ones that were installed for the tests.
set(TEST_PYTHON /usr/bin/python3)

# pytests(daemon 900): one ctest over tests/daemon, if there is anything in it.
function(pytests folder timeout_s)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/test_*.py)
    if(NOT files)
        return()
    endif()
    if(SAGAD_SANITIZE) # Several times as slow.
        math(EXPR timeout_s "${timeout_s} * 3")
    endif()
    add_test(NAME ${folder}
        COMMAND ${TEST_PYTHON} -m pytest -q -p no:cacheprovider tests/${folder}
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${folder} PROPERTIES LABELS ${folder} TIMEOUT ${timeout_s}
        ENVIRONMENT "SAGAD=${PROJECT_BINARY_DIR}/bin/sagad;SAGACTL=${PROJECT_BINARY_DIR}/bin/sagactl;PYTHONDONTWRITEBYTECODE=1")
endfunction()

# tidy_test(style): tests/tidy/style.py over the tree.
function(tidy_test name)
    add_test(NAME tidy_${name} COMMAND ${TEST_PYTHON} -B tests/tidy/${name}.py
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(tidy_${name} PROPERTIES LABELS tidy TIMEOUT 120)
endfunction()
