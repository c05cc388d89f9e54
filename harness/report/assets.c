/*
 * assets.c - the style sheet and the script of the page, inside this program.
 *
 * A report is one file that opens anywhere, so they go into each; they are kept as files
 * of their own kind, which the assembler takes in as they are. The compiler runs in the
 * top folder, and the Makefile knows that this file depends on them.
 */
#include "harness/report/assets.h"

#define INCLUDE_FILE(symbol, path)                                                       \
	__asm__(".section .rodata\n"                                                     \
		".global " #symbol "\n" #symbol ":\n"                                    \
		".incbin \"" path "\"\n"                                                 \
		".byte 0\n"                                                              \
		".previous\n")

INCLUDE_FILE(report_css, "harness/report/page.css");
INCLUDE_FILE(report_js, "harness/report/page.js");
