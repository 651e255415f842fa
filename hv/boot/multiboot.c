/* SPDX-License-Identifier: MIT */
/*
 * Reads what a boot loader left, multiboot 1 (0.6.96, 3.3) or 2 (3.6), into
 * boot_info. It lies anywhere below 4 GiB and is trusted no further than that:
 * counts and sizes are bounded.
 */
#include <arch/layout.h>
#include <boot/multiboot.h>
#include <hv/lib.h>

#define MB1_MAGIC 0x2badb002
#define MB2_MAGIC 0x36d76289

struct mb1_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
	u32 drives[2], config, loader_name;
};
struct mb1_module {
	u32 start, end, string, reserved;
};
struct mb1_region {
	u32 size;
	u64 addr, len;
	u32 type;
} __attribute__((packed));
#define MB1_CMDLINE 0x04
#define MB1_MODULES 0x08
#define MB1_MMAP    0x40
#define MB1_LOADER  0x200

struct mb2_tag {
	u32 type, size;
};
struct mb2_module {
	struct mb2_tag tag;
	u32 start, end;
	char string[];
};
struct mb2_region {
	u64 addr, len;
	u32 type, zero;
};
struct mb2_mmap {
	struct mb2_tag tag;
	u32 entry_size, version;
	u8 entries[];
};
enum { MB2_END, MB2_CMDLINE, MB2_MODULE = 3, MB2_MMAP = 6 };

static void add_region(u64 start, u64 size, u32 type)
{
	if (boot_info.nr_regions < BOOT_MAX_REGIONS && size != 0) {
		boot_info.region[boot_info.nr_regions++] =
			(struct boot_region){start, size, type};
	}
}

static void add_module(u64 start, u64 end, const char *cmdline)
{
	struct boot_module *m = &boot_info.module[boot_info.nr_modules];

	if (boot_info.nr_modules == BOOT_MAX_MODULES || end <= start) {
		log_warn("boot module at %#lx ignored", start);
		return;
	}
	m->start = start;
	m->size = end - start;
	strlcpy(m->cmdline, cmdline, sizeof(m->cmdline));
	boot_info.nr_modules++;
}

/* QEMU's own loader puts the file's name before a module's command line; GRUB
 * does not. */
static bool names_files(const struct mb1_info *mb)
{
	return (mb->flags & MB1_LOADER) &&
	       strncmp(pa_to_va(mb->loader_name), "qemu", 4) == 0;
}

static const char *module_cmdline(const struct mb1_info *mb, u32 string)
{
	const char *s = string != 0 ? pa_to_va(string) : "";

	if (names_files(mb)) {
		const char *space = strchr(s, ' ');

		s = space != NULL ? space + 1 : "";
	}
	return s;
}

static void read_mb1(u64 pa)
{
	const struct mb1_info *mb = pa_to_va(pa);
	const struct mb1_module *mod = pa_to_va(mb->mods_addr);
	u64 at = mb->mmap_addr, end = at + mb->mmap_length;

	boot_info.loader = "multiboot1";
	if (mb->flags & MB1_CMDLINE) {
		strlcpy(boot_info.cmdline, pa_to_va(mb->cmdline),
		        sizeof(boot_info.cmdline));
	}
	while ((mb->flags & MB1_MMAP) &&
	       at + sizeof(struct mb1_region) <= end) {
		const struct mb1_region *r = pa_to_va(at);

		add_region(r->addr, r->len, r->type);
		at += r->size + 4;
	}
	for (u32 i = 0; (mb->flags & MB1_MODULES) && i < mb->mods_count; i++) {
		add_module(mod[i].start, mod[i].end,
		           module_cmdline(mb, mod[i].string));
	}
}

static void read_mb2_mmap(const struct mb2_mmap *m)
{
	for (u32 off = sizeof(*m); m->entry_size >= sizeof(struct mb2_region) &&
	                           off + m->entry_size <= m->tag.size;
	     off += m->entry_size) {
		const struct mb2_region *r =
			(const void *)((const u8 *)m + off);

		add_region(r->addr, r->len, r->type);
	}
}

static void read_mb2(u64 pa)
{
	u32 total = *(const u32 *)pa_to_va(pa);
	u32 off = 8;

	boot_info.loader = "multiboot2";
	while (off + sizeof(struct mb2_tag) <= total) {
		const struct mb2_tag *t = pa_to_va(pa + off);
		const struct mb2_module *m = (const void *)t;

		if (t->type == MB2_END || t->size < sizeof(*t)) {
			break;
		}
		if (t->type == MB2_CMDLINE) {
			strlcpy(boot_info.cmdline, (const char *)(t + 1),
			        sizeof(boot_info.cmdline));
		} else if (t->type == MB2_MODULE) {
			add_module(m->start, m->end, m->string);
		} else if (t->type == MB2_MMAP) {
			read_mb2_mmap((const void *)t);
		}
		off += ROUND_UP(t->size, 8U);
	}
}

bool multiboot_read(u32 magic, u32 info_pa)
{
	if (magic == MB1_MAGIC) {
		read_mb1(info_pa);
	} else if (magic == MB2_MAGIC) {
		read_mb2(info_pa);
	} else {
		return false;
	}
	return true;
}
