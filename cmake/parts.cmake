# One static library per folder; what it links is what it may include.
#
#   part(engine_store FOLDERS engine/store engine/store/sqlite LINKS base engine_core)
#
# A folder without sources is an INTERFACE library with the same links.
set_property(GLOBAL PROPERTY PARTS "")

function(part name)
    cmake_parse_arguments(P "" "" "FOLDERS;LINKS;GENERATED" ${ARGN})
    set(sources ${P_GENERATED})
    foreach(folder IN LISTS P_FOLDERS)
        file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
        list(FILTER found EXCLUDE REGEX "/main\\.c$")
        list(APPEND sources ${found})
    endforeach()
    if(sources)
        add_library(${name} STATIC ${sources})
        target_link_libraries(${name} PUBLIC ${P_LINKS} PRIVATE house)
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${P_LINKS})
    endif()
    list(GET P_FOLDERS 0 folder)
    set_property(GLOBAL APPEND PROPERTY PARTS "${folder}=${name}")
endfunction()

# An executable of programs/<name>, once its main.c is there.
function(program name)
    file(GLOB main CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/programs/${name}/main.c)
    if(main)
        add_executable(${name} ${main})
        target_link_libraries(${name} PRIVATE ${name}_parts house)
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
        install(TARGETS ${name} RUNTIME)
    endif()
endfunction()
