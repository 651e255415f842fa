/* SPDX-License-Identifier: MIT */
/*
 * Write a random trace: make-trace SEED CHUNKS RECORDS raw|zstd end|cut FILE.
 * The comparison of the two decoders uses it, and golden traces were made by
 * it.
 */
#include "random_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP (16u << 20)

int main(int argc, char **argv)
{
	struct trace_shape shape = {0};
	struct rng rng = {0};
	uint8_t *buf;
	size_t len;
	FILE *file;
	int status;

	if (argc != 7) {
		fprintf(stderr, "usage: make-trace SEED CHUNKS RECORDS "
		                "raw|zstd end|cut FILE\n");
		return 2;
	}
	rng.state = strtoull(argv[1], NULL, 0);
	shape.nr_chunks = (unsigned int)strtoul(argv[2], NULL, 0);
	shape.max_records = (unsigned int)strtoul(argv[3], NULL, 0);
	shape.compress = strcmp(argv[4], "zstd") == 0;
	shape.end = strcmp(argv[5], "end") == 0;
	buf = malloc(CAP);
	file = fopen(argv[6], "wb");
	if (!buf || !file) {
		fprintf(stderr, "make-trace: cannot write %s\n", argv[6]);
		return 1;
	}
	len = random_trace(&rng, &shape, buf, CAP);
	status = fwrite(buf, 1, len, file) == len ? 0 : 1;
	if (fclose(file) != 0) {
		status = 1;
	}
	free(buf);
	return status;
}
