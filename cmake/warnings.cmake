# Warnings are errors, with gcc and with clang (STYLE.md, rule 9).
add_library(house INTERFACE)
target_compile_options(house INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum
    -Wmissing-prototypes -Wmissing-declarations -Wvla -Wformat=2 -Werror
    -fno-omit-frame-pointer)
target_compile_definitions(house INTERFACE _XOPEN_SOURCE=700) # POSIX.1-2008
target_include_directories(house INTERFACE ${PROJECT_SOURCE_DIR})
