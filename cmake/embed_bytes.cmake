# embed_bytes(out_var file): the file's bytes as the inside of a C initializer,
# with a NUL at the end. Bytes, not a string literal: C promises only 4,095 of those.
function(embed_bytes out_var file)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(REPEAT "......." 16 line)
    string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
    set(${out_var} "${bytes}'\\0'" PARENT_SCOPE)
endfunction()
