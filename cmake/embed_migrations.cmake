# cmake -D FOLDER=dir -D BACKEND=sqlite -D OUTPUT=file.c -P embed_migrations.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed_bytes.cmake)
file(GLOB files ${FOLDER}/*.sql)
list(SORT files)
set(arrays "")
set(rows "")
set(n 0)
foreach(file IN LISTS files)
    get_filename_component(base ${file} NAME)
    if(NOT base MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sql$")
        message(FATAL_ERROR "${file}: a migration is named 0001_what_it_does.sql")
    endif()
    set(digits ${CMAKE_MATCH_1})
    set(name ${CMAKE_MATCH_2})
    math(EXPR n "${n} + 1")
    string(REGEX REPLACE "^0+" "" version "${digits}")
    if(NOT version STREQUAL n)
        message(FATAL_ERROR "${file}: the next migration's number is ${n}; numbers have no gaps")
    endif()
    embed_bytes(bytes ${file})
    string(APPEND arrays "static const char sql_${digits}[] = {\n${bytes}};\n\n")
    string(APPEND rows "    {${version}, \"${name}\", sql_${digits}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* Made from migrations/${BACKEND} by cmake/embed_migrations.cmake. */
#include \"engine/store/migrations.h\"

${arrays}const struct migration migrations_${BACKEND}[] = {
${rows}};
const int migrations_${BACKEND}_n = ${n};
")
