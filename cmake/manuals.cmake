# What sagactl says of itself, made at build time from its tables and installed: its
# manual page, and the completions of three shells.

# sagactl_makes(out.file folder arguments...)
function(sagactl_makes file folder)
    set(out ${PROJECT_BINARY_DIR}/made/${file})
    add_custom_command(OUTPUT ${out}
        COMMAND sagactl ${ARGN} > ${out}
        DEPENDS sagactl
        COMMENT "sagactl ${ARGN}"
        VERBATIM)
    set_property(GLOBAL APPEND PROPERTY MADE ${out})
    install(FILES ${out} DESTINATION ${folder})
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/made)
sagactl_makes(sagactl.1 ${CMAKE_INSTALL_MANDIR}/man1 manual)
sagactl_makes(sagactl ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
sagactl_makes(_sagactl ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
sagactl_makes(sagactl.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
get_property(made GLOBAL PROPERTY MADE)
add_custom_target(manuals ALL DEPENDS ${made})
