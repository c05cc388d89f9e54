/* assets.h - the style sheet and the script of the page, inside this program. */
#ifndef HARNESS_REPORT_ASSETS_H
#define HARNESS_REPORT_ASSETS_H

/* The content of page.css and page.js, ended with a NUL. */
extern const char report_css[], report_js[];

#endif
