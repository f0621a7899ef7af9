// libjpeg and libpng report errors through a function that must not return.
#pragma once
#include <csetjmp>
#include <cstdio>

#include "picture.h"

namespace image {

struct ErrorExit {
    jmp_buf jump;
    char message[256] = "";

    [[noreturn]] void leave(const char* text) {
        std::snprintf(message, sizeof message, "%s", text);
        longjmp(jump, 1);
    }
};

// Runs calls into a C library and turns its error exit into an exception. The jump skips the frames of `calls`: it may own nothing that has a destructor.
template <class Calls>
void guard(ErrorExit& exit, const char* prefix, Calls&& calls) {
    if (setjmp(exit.jump) != 0)
        throw DecodeError(std::string(prefix) + exit.message);
    calls();
}

}  // namespace image
