# Files that travel inside the binary, as C arrays made at build time.
set(EMBED_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake)

# embed_text(out_var embedded_openapi_json adminapi/openapi.json): a C file that
# defines `const char embedded_openapi_json[]` (NUL-ended) and its `_bytes`.
# A file that is not there adds nothing.
function(embed_text out_var symbol file)
    file(GLOB input CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
    if(NOT input)
        return()
    endif()
    set(output ${PROJECT_BINARY_DIR}/generated/${symbol}.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -D INPUT=${input} -D OUTPUT=${output} -D SYMBOL=${symbol}
                -P ${EMBED_SCRIPTS}/embed_text.cmake
        DEPENDS ${input} ${EMBED_SCRIPTS}/embed_text.cmake ${EMBED_SCRIPTS}/embed_bytes.cmake
        VERBATIM)
    set(${out_var} ${${out_var}} ${output} PARENT_SCOPE)
endfunction()

# embed_migrations(out_var sqlite): migrations/sqlite/0001_name.sql and so on as
# the table declared in engine/store/migrations.h.
function(embed_migrations out_var backend)
    set(folder ${PROJECT_SOURCE_DIR}/migrations/${backend})
    file(GLOB inputs CONFIGURE_DEPENDS ${folder}/*.sql)
    if(NOT inputs)
        return()
    endif()
    set(output ${PROJECT_BINARY_DIR}/generated/migrations_${backend}.c)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -D FOLDER=${folder} -D BACKEND=${backend} -D OUTPUT=${output}
                -P ${EMBED_SCRIPTS}/embed_migrations.cmake
        DEPENDS ${inputs} ${EMBED_SCRIPTS}/embed_migrations.cmake
                ${EMBED_SCRIPTS}/embed_bytes.cmake
        VERBATIM)
    set(${out_var} ${${out_var}} ${output} PARENT_SCOPE)
endfunction()
