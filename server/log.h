/* log.h - lines for a person on stderr, beside what main() says at the end. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

/*
 * One line, the program's name before it, if stderr takes it at once: where it is a pipe
 * that nobody empties the line is lost, and the server is not held up.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
