/*
 * replay.c
 *		Runs a fuzz harness over the files of a folder, without a fuzzer: the
 *		corpus is a regression test.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);
	size_t size;
	uint8_t *exact;

	if (file == NULL || data == NULL)
		abort();
	size = fread(data, 1, 1 << 20, file);
	fclose(file);
	exact = malloc(size ? size : 1); /* so that the sanitizer sees a read after the end */
	if (exact == NULL)
		abort();
	for (size_t i = 0; i < size; i++)
		exact[i] = data[i];
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int
main(int argc, char **argv)
{
	DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int files = 0;
	char path[4096];

	if (folder == NULL)
	{
		printf("not ok - %s has no corpus\n", argv[0]);
		return 1;
	}
	while ((entry = readdir(folder)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		replay_file(path);
		files++;
	}
	closedir(folder);
	printf("%s - %d files of %s\n", files > 0 ? "ok" : "not ok", files, argv[1]);
	return files == 0;
}
