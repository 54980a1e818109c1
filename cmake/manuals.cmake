# What the programs say of themselves, made at build time from their tables and installed:
# the manual pages, and sagactl's completions of three shells.

# program_makes(program out.file folder arguments...)
function(program_makes program file folder)
    set(out ${PROJECT_BINARY_DIR}/made/${file})
    add_custom_command(OUTPUT ${out}
        COMMAND ${program} ${ARGN} > ${out}
        DEPENDS ${program}
        COMMENT "${program} ${ARGN}"
        VERBATIM)
    set_property(GLOBAL APPEND PROPERTY MADE ${out})
    install(FILES ${out} DESTINATION ${folder})
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/made)
program_makes(sagad sagad.8 ${CMAKE_INSTALL_MANDIR}/man8 manual)
program_makes(sagactl sagactl.1 ${CMAKE_INSTALL_MANDIR}/man1 manual)
program_makes(sagactl sagactl ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
program_makes(sagactl _sagactl ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
program_makes(sagactl sagactl.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
get_property(made GLOBAL PROPERTY MADE)
add_custom_target(manuals ALL DEPENDS ${made})
