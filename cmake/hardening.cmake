# Hardening flags, each probed: a compiler that lacks one builds without it. A
# sanitizer's build goes without all of them, because some hide what it looks for.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

function(house_compile_flag flag)
    string(MAKE_C_IDENTIFIER "HAS${flag}" known)
    check_c_compiler_flag("-Werror ${flag}" ${known})
    if(${known})
        separate_arguments(flags UNIX_COMMAND "${flag}")
        target_compile_options(house INTERFACE ${flags})
    endif()
endfunction()

function(house_link_flag flag)
    string(MAKE_C_IDENTIFIER "LINKS${flag}" known)
    check_linker_flag(C "${flag}" ${known})
    if(${known})
        target_link_options(house INTERFACE "${flag}")
    endif()
endfunction()

if(NOT SAGAD_SANITIZE AND NOT SAGAD_FUZZ)
    if(CMAKE_BUILD_TYPE MATCHES "Rel") # Fortification needs the optimizer.
        house_compile_flag("-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    endif()
    house_compile_flag(-fstack-protector-strong)
    house_compile_flag(-fstack-clash-protection)
    house_compile_flag(-fcf-protection=full)
    house_compile_flag(-ftrivial-auto-var-init=zero)
    house_link_flag(-Wl,-z,relro)
    house_link_flag(-Wl,-z,now)
    house_link_flag(-Wl,-z,noexecstack)
endif()
