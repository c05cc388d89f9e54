/* files.c - small questions to the file system. */
#include "harness/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int files_read_small(const char *path, char *text, size_t text_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, text_size - 1);
	int error = errno;

	close(fd);
	if (n < 0)
		return -error;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return 0;
}

int files_program_directory(char *path, size_t path_size)
{
	ssize_t n = readlink("/proc/self/exe", path, path_size - 1);

	if (n < 0)
		return -errno;
	if ((size_t)n == path_size - 1)
		return -ENAMETOOLONG;
	path[n] = '\0';
	*strrchr(path, '/') = '\0'; /* the link is an absolute path */
	return 0;
}
