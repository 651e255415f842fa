/* SPDX-License-Identifier: MIT */
/*
 * The superblock: the first 4096 bytes of a trace, written before the domain's
 * first instruction and never again. It holds what a replayer must know before
 * it builds the domain. The structure is the file's layout, byte for byte.
 * Spec: docs/trace-format.md, section 3.
 */
#ifndef TF_SUPER_H
#define TF_SUPER_H

#include <tf/records.h>

#define TF_SUPER_SIZE  4096u
#define TF_MAJOR       1
#define TF_MINOR       0
#define TF_CPUID_MAX   64
#define TF_NR_CUTS     16
#define TF_MAX_VCPUS   64
#define TF_MAX_FRAMES  (1ull << 40)
#define TF_SUPER_MAGIC "CVTRACE" /* eight bytes with its NUL */

/* Bits of tf_super.flags. Unknown bits are ignored. */
#define TF_FLAG_WINDOW  0x01ull /* written into a window of `capacity` bytes */
#define TF_FLAG_EXACT   0x02ull /* events were delivered at once, not held */
#define TF_FLAG_CHAOS   0x04ull /* at instructions chosen from `seed` */
#define TF_FLAG_HISTORY 0x08ull /* a history stream was asked for */

struct tf_cpuid {
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

struct tf_super {
	uint32_t frame_magic; /* 0x184D2A50, a zstd skippable frame */
	uint32_t frame_len;   /* 4088 */
	char magic[8];
	uint16_t major;
	uint16_t minor;
	uint32_t abi_version; /* of the hypervisor's replay rules */
	uint8_t uuid[16];
	uint64_t flags;
	uint64_t seed;
	uint64_t nr_frames; /* size of the domain */
	uint64_t max_mfn;   /* as the domain reads it */
	uint32_t nr_vcpus;
	uint32_t domid;              /* as the domain reads it */
	uint64_t start_wallclock_ns; /* since 1970, UTC */
	uint64_t tsc_khz;
	uint64_t time_step_ns;    /* virtual time gained by a clock read */
	uint64_t rebase_bound_ns; /* drift that forces a TIME record */
	uint64_t hold_bound_ns;   /* how long an event may wait for an entry */
	uint64_t hash_interval;   /* entries between two REGS records */
	uint64_t slice_frames;    /* frames of a SLICE_DIGEST */
	uint64_t capacity;        /* bytes of the window, 0 for a file */
	uint32_t fpu_verdict;
	uint32_t nr_cpuid;
	struct tf_hash128 config; /* opaque: digest of the recorder's options */
	uint32_t cuts[TF_NR_CUTS]; /* items between two cuts, by table row */
	char domain_name[64];
	char clock[16];
	char machine[64];    /* the processor that recorded */
	char hv_version[64]; /* the hypervisor that recorded */
	uint8_t reserved1[72];
	struct tf_cpuid cpuid[TF_CPUID_MAX]; /* the raw machine's answers */
	uint8_t reserved2[2044];
	uint32_t crc; /* crc32c of the 4092 bytes before */
};
_Static_assert(sizeof(struct tf_super) == TF_SUPER_SIZE, "section 3");
_Static_assert(offsetof(struct tf_super, uuid) == 24, "section 3");
_Static_assert(offsetof(struct tf_super, fpu_verdict) == 144, "section 3");
_Static_assert(offsetof(struct tf_super, domain_name) == 232, "section 3");
_Static_assert(offsetof(struct tf_super, cpuid) == 512, "section 3");
_Static_assert(offsetof(struct tf_super, crc) == 4092, "section 3");

/** Zero the superblock and set magic and version; the caller fills the rest. */
void tf_super_init(struct tf_super *sb);

/** Set a string field of `size` bytes: cut to fit, always NUL-terminated. */
void tf_super_text(char *field, size_t size, const char *text);

/** Compute the CRC. After this the 4096 bytes may be written. */
void tf_super_seal(struct tf_super *sb);

/**
 * Check 4096 bytes that came from outside: 0, or -TF_EMAGIC, -TF_EVERSION,
 * -TF_ECRC, -TF_EHEADER. The structure may be trusted only after 0.
 */
int tf_super_check(const struct tf_super *sb);

#endif /* TF_SUPER_H */
