/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Run scenario files: scenarios FILE...
 *
 * Each file is run with the core and the naive model side by side; the first difference
 * of each is printed with its line. Exit code 0 when there is none.
 */

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/scenario.h"

enum { FILE_SIZE_MAX = 1 << 20 };

/* The whole file, or NULL. */
static char *read_file(const char *path)
{
        FILE *file = fopen(path, "r");
        char *text = malloc(FILE_SIZE_MAX + 1);
        size_t size;

        if (file == NULL || text == NULL) {
                free(text);
                if (file != NULL)
                        fclose(file);
                return NULL;
        }
        size = fread(text, 1, FILE_SIZE_MAX, file);
        text[size] = 0;
        fclose(file);
        return text;
}

int main(int argc, char **argv)
{
        int failed = 0;

        for (int i = 1; i < argc; i++) {
                char *text = read_file(argv[i]);

                if (text == NULL) {
                        fprintf(stderr, "%s: cannot be read\n", argv[i]);
                        failed++;
                        continue;
                }
                failed += !scenario_run(text, argv[i], stderr);
                free(text);
        }
        printf("%d scenarios, %d failed\n", argc - 1, failed);
        return argc > 1 && failed == 0 ? 0 : 1;
}
