/* SPDX-License-Identifier: MIT */
/*
 * The superblock: filling in, sealing and checking. A superblock that passes
 * tf_super_check() has every count within its array and every string closed,
 * so the rest of the project uses its fields as they are.
 * Spec: docs/trace-format.md, section 3.
 */
#include "priv.h"

void tf_super_init(struct tf_super *sb)
{
	tf_memset(sb, 0, sizeof(*sb));
	sb->frame_magic = TF_SKIP_SUPER;
	sb->frame_len = TF_SUPER_SIZE - 8;
	tf_memcpy(sb->magic, TF_SUPER_MAGIC, sizeof(sb->magic));
	sb->major = TF_MAJOR;
	sb->minor = TF_MINOR;
	sb->nr_vcpus = 1;
}

void tf_super_text(char *field, size_t size, const char *text)
{
	size_t i;

	tf_memset(field, 0, size);
	for (i = 0; i + 1 < size && text[i]; i++) {
		field[i] = text[i];
	}
}

void tf_super_seal(struct tf_super *sb)
{
	sb->crc = tf_crc32c(0, sb, offsetof(struct tf_super, crc));
}

static bool closed(const char *field, size_t size)
{
	return field[size - 1] == 0;
}

static bool texts_closed(const struct tf_super *sb)
{
	return closed(sb->domain_name, sizeof(sb->domain_name)) &&
	       closed(sb->clock, sizeof(sb->clock)) &&
	       closed(sb->machine, sizeof(sb->machine)) &&
	       closed(sb->hv_version, sizeof(sb->hv_version));
}

int tf_super_check(const struct tf_super *sb)
{
	if (sb->frame_magic != TF_SKIP_SUPER ||
	    tf_memcmp(sb->magic, TF_SUPER_MAGIC, sizeof(sb->magic))) {
		return -TF_EMAGIC;
	}
	if (sb->crc != tf_crc32c(0, sb, offsetof(struct tf_super, crc))) {
		return -TF_ECRC;
	}
	if (sb->major != TF_MAJOR) {
		return -TF_EVERSION;
	}
	if (sb->frame_len != TF_SUPER_SIZE - 8 || sb->nr_cpuid > TF_CPUID_MAX ||
	    sb->nr_vcpus == 0 || sb->nr_vcpus > TF_MAX_VCPUS ||
	    sb->nr_frames == 0 || sb->nr_frames > TF_MAX_FRAMES ||
	    !texts_closed(sb)) {
		return -TF_EHEADER;
	}
	return 0;
}
