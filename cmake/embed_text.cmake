# cmake -D INPUT=file -D OUTPUT=file.c -D SYMBOL=name -P embed_text.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed_bytes.cmake)
embed_bytes(bytes ${INPUT})
file(WRITE ${OUTPUT} "/* Made from a file of the tree by cmake/embed_text.cmake. */
#include \"adminapi/embedded.h\"

const char ${SYMBOL}[] = {
${bytes}};
const size_t ${SYMBOL}_bytes = sizeof(${SYMBOL}) - 1;
")
