/* version.h - one version for the three programs. */
#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

#define MUXBENCH_VERSION "0.1.0"

#endif
