/* SPDX-License-Identifier: MIT */
/*
 * Print a trace as the canonical text of docs/trace-format.md, section 12. It
 * knows no record by hand: events.def gives names, fields and their kinds. It
 * serves the tests; chv has a dump for people, over the same library.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <tf/tf.h>

#define EXIT_UNUSABLE 5
#define EXIT_CUT      6

/* ---- values -----------------------------------------------------------------
 */

static void print_hex(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++) {
		printf("%02x", p[i]);
	}
}

static void print_text(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	putchar('"');
	for (i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\') {
			printf("\\x%02x", p[i]);
		} else {
			putchar(p[i]);
		}
	}
	putchar('"');
}

static void print_words(const struct tf_bytes *b)
{
	uint32_t i;

	putchar('[');
	for (i = 0; i < b->len / 8; i++) {
		printf("%s%" PRIu64, i ? "," : "", tf_word(b, i));
	}
	putchar(']');
}

static void print_frames(const struct tf_bytes *b)
{
	struct tf_frame_hash pair;
	uint32_t i;

	putchar('[');
	for (i = 0; tf_frame_pair(b, i, &pair); i++) {
		printf("%s%" PRIu64 ":", i ? "," : "", pair.frame);
		print_hex(&pair.hash, sizeof(pair.hash));
	}
	putchar(']');
}

static void print_page(const struct tf_bytes *b)
{
	struct tf_hash128 hash =
		tf_hash((struct tf_hash128){0, 0}, b->data, b->len);

	putchar('#');
	print_hex(&hash, sizeof(hash));
}

/* ---- records
 * ----------------------------------------------------------------- */

#define F_UINT(n)  printf(" " #n "=%" PRIu64, (uint64_t)r->n);
#define F_ENTRY(n) F_UINT(n)
#define F_U32(n)   F_UINT(n)
#define F_U8(n)    F_UINT(n)
#define F_U64(n)   F_UINT(n)
#define F_SINT(n)  printf(" " #n "=%" PRId64, r->n);
#define F_HASH(n)                                                              \
	printf(" " #n "=");                                                    \
	print_hex(&r->n, sizeof(r->n));
#define F_BYTES(n)                                                             \
	printf(" " #n "=");                                                    \
	print_hex(r->n.data, r->n.len);
#define F_TEXT(n)                                                              \
	printf(" " #n "=");                                                    \
	print_text(r->n.data, r->n.len);
#define F_WORDS(n)                                                             \
	printf(" " #n "=");                                                    \
	print_words(&r->n);
#define F_FRAMES(n)                                                            \
	printf(" " #n "=");                                                    \
	print_frames(&r->n);
#define F_PAGE(n)                                                              \
	printf(" " #n "=");                                                    \
	print_page(&r->n);
#define F_ARGS(n)                                                              \
	printf(" " #n "=");                                                    \
	print_words(&(struct tf_bytes){r->n, sizeof(r->n)});
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	static void print_##name(const struct tf_##name *r)                    \
	{                                                                      \
		fields                                                         \
	}
#include <tf/events.def>

static void print_record(const struct tf_record *record)
{
	if (!record->known) {
		printf("%u ? id=%u body=", record->index, record->id);
		print_hex(record->body.data, record->body.len);
		putchar('\n');
		return;
	}
	printf("%u %s", record->index, tf_record_name(record->id));
	switch ((enum tf_id)record->id) {
#define TF_EVENT(id, NAME, name, since, streams, fields)                       \
	case TF_##NAME:                                                        \
		print_##name(&record->u.name);                                 \
		break;
#include <tf/events.def>
	}
	putchar('\n');
}

/* ---- superblock and chunks
 * ------------------------------------------------------ */

static size_t text_len(const char *text)
{
	size_t len = 0;

	while (text[len]) {
		len++;
	}
	return len;
}

static void print_super_text(const char *name, const char *text)
{
	printf(" %s=", name);
	print_text(text, text_len(text));
}

static void print_super(const struct tf_super *sb)
{
	uint32_t i;

	printf("super major=%u minor=%u abi_version=%u uuid=", sb->major,
	       sb->minor, sb->abi_version);
	print_hex(sb->uuid, sizeof(sb->uuid));
#define NUMBER(n) printf(" " #n "=%" PRIu64, (uint64_t)sb->n)
	NUMBER(flags);
	NUMBER(seed);
	NUMBER(nr_frames);
	NUMBER(max_mfn);
	NUMBER(nr_vcpus);
	NUMBER(domid);
	NUMBER(start_wallclock_ns);
	NUMBER(tsc_khz);
	NUMBER(time_step_ns);
	NUMBER(rebase_bound_ns);
	NUMBER(hold_bound_ns);
	NUMBER(hash_interval);
	NUMBER(slice_frames);
	NUMBER(capacity);
	NUMBER(fpu_verdict);
	NUMBER(nr_cpuid);
#undef NUMBER
	printf(" config=");
	print_hex(&sb->config, sizeof(sb->config));
	printf(" cuts=");
	for (i = 0; i < TF_NR_CUTS; i++) {
		printf("%c%u", i ? ',' : '[', sb->cuts[i]);
	}
	putchar(']');
	print_super_text("domain_name", sb->domain_name);
	print_super_text("clock", sb->clock);
	print_super_text("machine", sb->machine);
	print_super_text("hv_version", sb->hv_version);
	putchar('\n');
	for (i = 0; i < sb->nr_cpuid; i++) {
		const struct tf_cpuid *c = &sb->cpuid[i];

		printf("cpuid %08x %08x %08x %08x %08x %08x\n", c->leaf,
		       c->subleaf, c->eax, c->ebx, c->ecx, c->edx);
	}
}

static void print_chunk(const struct tf_chunk *chunk)
{
	const struct tf_chunk_header *h = &chunk->header;

	printf("chunk %" PRIu64 " stream=%s encoding=%u at=%" PRIu64
	       " first=%" PRIu64 " last=%" PRIu64
	       " records=%u raw=%u stored=%u\n",
	       h->chunk_no, tf_stream_name(h->stream), h->encoding,
	       chunk->offset, h->first_entry, h->last_entry, h->nr_records,
	       h->raw_len, h->stored_len);
}

/* ---- the file
 * ------------------------------------------------------------------- */

static int read_at(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const int *fd = ctx;

	return pread(*fd, buf, len, (off_t)offset) == (ssize_t)len ? 0 : -1;
}

static int64_t decompress(void *ctx, void *dst, size_t cap, const void *src,
                          size_t len)
{
	size_t result = ZSTD_decompress(dst, cap, src, len);

	(void)ctx;
	return ZSTD_isError(result) ? -1 : (int64_t)result;
}

static uint8_t scratch[64u << 10];
static uint8_t stored[TF_RAW_MAX];
static uint8_t raw[TF_RAW_MAX];
static struct tf_calls calls;

/* 0, or the error at record *index. */
static int print_records(const struct tf_source *source,
                         const struct tf_chunk *chunk, uint32_t *index)
{
	const struct tf_codec codec = {.decompress = decompress};
	bool history = chunk->header.stream == TF_STREAM_HISTORY;
	struct tf_record record;
	struct tf_reader reader;
	int error;

	*index = 0;
	error = tf_chunk_load(source, chunk, &codec, stored, sizeof(stored),
	                      raw, sizeof(raw));
	if (!error) {
		error = tf_reader_init(&reader, &chunk->header, raw,
		                       history ? &calls : NULL);
	}
	if (error) {
		return error;
	}
	for (;;) {
		error = tf_read(&reader, &record);
		if (error) {
			*index = reader.index;
			return error == -TF_EEND ? 0 : error;
		}
		print_record(&record);
	}
}

static int dump(const struct tf_source *source)
{
	struct tf_super sb;
	struct tf_scan scan;
	struct tf_chunk chunk;
	struct tf_tail tail;
	char line[160];
	int error = tf_scan_open(&scan, source, &sb, scratch, sizeof(scratch));

	if (error) {
		printf("no trace: %s\n", tf_strerror(error));
		return EXIT_UNUSABLE;
	}
	print_super(&sb);
	while (!tf_scan_next(&scan, &chunk)) {
		uint32_t index;

		print_chunk(&chunk);
		error = print_records(source, &chunk, &index);
		if (error) {
			tf_tail_in_chunk(&tail, &chunk, index, error);
			break;
		}
	}
	if (!error) {
		tail = scan.tail;
	}
	puts(tf_tail_line(&tail, line, sizeof(line)));
	puts(tail.complete ? "complete" : "cut");
	return tail.complete ? 0 : EXIT_CUT;
}

int main(int argc, char **argv)
{
	struct tf_source source = {.read = read_at};
	struct stat st;
	int status;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: tf-dump TRACE\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		fprintf(stderr, "tf-dump: cannot read %s as a file\n", argv[1]);
		return 3;
	}
	source.ctx = &fd;
	source.size = (uint64_t)st.st_size;
	status = dump(&source);
	close(fd);
	return status;
}
