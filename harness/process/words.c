/* words.c - a command line split into words as a shell would, without being one. */
#include "harness/process/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char placeholder[] = "{port}";

/* What is read, and the word that is being put together behind it. */
struct splitter {
	const char *at;
	char *out; /* in a buffer as long as the text: no word grows */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Behind an opening quote, up to and with its closing one. False: there is none. */
static bool take_quoted(struct splitter *splitter, char quote)
{
	for (; *splitter->at != quote; splitter->at++) {
		if (quote == '"' && *splitter->at == '\\' &&
			(splitter->at[1] == '"' || splitter->at[1] == '\\'))
			splitter->at++;
		if (*splitter->at == '\0')
			return false;
		*splitter->out++ = *splitter->at;
	}
	splitter->at++;
	return true;
}

/* One word, which begins here. */
static int take_word(
	const char *option, struct splitter *splitter, struct problem *problem)
{
	while (*splitter->at && !is_blank(*splitter->at)) {
		char c = *splitter->at++;

		if (c == '\'' || c == '"') {
			if (!take_quoted(splitter, c))
				return problem_set(problem, -EINVAL,
					"%s: a %c is not closed", option, c);
			continue;
		}
		if (c == '\\' && !(c = *splitter->at++))
			return problem_set(problem, -EINVAL,
				"%s: nothing follows the \\ at the end", option);
		*splitter->out++ = c;
	}
	*splitter->out++ = '\0';
	return 0;
}

/* Puts a copy behind the others; *words stays ended by NULL. */
static int append(char ***words, size_t count, const char *word)
{
	char **grown = realloc(*words, (count + 2) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*words = grown;
	grown[count] = strdup(word);
	grown[count + 1] = NULL;
	return grown[count] ? 0 : -ENOMEM;
}

static int split(const char *option, struct splitter *splitter, char *buffer,
	char ***words, struct problem *problem)
{
	size_t count = 0;

	for (;;) {
		while (is_blank(*splitter->at))
			splitter->at++;
		if (*splitter->at == '\0')
			break;
		splitter->out = buffer;
		int error = take_word(option, splitter, problem);

		if (error == 0)
			error = append(words, count++, buffer);
		if (error < 0)
			return error;
	}
	if (count == 0 || *(*words)[0] == '\0')
		return problem_set(problem, -EINVAL, "%s takes a command", option);
	return 0;
}

int words_split(
	const char *option, const char *text, char ***words, struct problem *problem)
{
	struct splitter splitter = {.at = text};
	char *buffer = malloc(strlen(text) + 1);

	*words = NULL;
	if (!buffer)
		return -ENOMEM;
	int error = split(option, &splitter, buffer, words, problem);

	free(buffer);
	if (error < 0) {
		words_free(*words);
		*words = NULL;
	}
	return error;
}

/* A new string; NULL: out of memory. */
static char *replace(const char *word, const char *by)
{
	size_t count = 0;

	for (const char *at = word; (at = strstr(at, placeholder)); at++)
		count++;
	char *result = malloc(strlen(word) + count * strlen(by) + 1);
	char *out = result;

	if (!result)
		return NULL;
	for (const char *found; (found = strstr(word, placeholder));) {
		out = mempcpy(out, word, (size_t)(found - word));
		out = stpcpy(out, by);
		word = found + sizeof(placeholder) - 1;
	}
	strcpy(out, word);
	return result;
}

char **words_with_port(char *const *words, int port)
{
	char number[16];
	size_t count = 0;

	snprintf(number, sizeof(number), "%d", port);
	while (words[count])
		count++;
	char **result = calloc(count + 1, sizeof(*result));

	for (size_t i = 0; result && i < count; i++) {
		result[i] = replace(words[i], number);
		if (!result[i]) {
			words_free(result);
			return NULL;
		}
	}
	return result;
}

bool words_have_port(char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strstr(words[i], placeholder))
			return true;
	return false;
}

void words_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}
