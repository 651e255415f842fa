/* SPDX-License-Identifier: MIT */
/*
 * Symbols as an ELF file for GDB: sections without contents that cover the
 * kernel and each module, so that GDB knows code from data, and one symbol
 * table over them.
 */
#include <chv/symbols.h>

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct section {
	char name[80];
	uint64_t start;
	uint64_t end;
	bool code;
};

struct writer {
	const struct chv_symbols *s;
	Elf *elf;
	size_t nr_sections;
	struct section *sections;
	char *names; /* .shstrtab */
	size_t names_len;
	char *strings; /* .strtab */
	size_t strings_len;
	GElf_Sym *table;
	size_t nr_table;
};

static uint64_t address_of(const struct chv_symbols *s, const char *name,
                           uint64_t otherwise)
{
	const struct chv_symbol *sym = chv_symbols_find(s, name);

	return sym != NULL ? sym->address : otherwise;
}

static void add_section(struct writer *w, const char *name, uint64_t start,
                        uint64_t end, bool code)
{
	struct section *sec = &w->sections[w->nr_sections];

	if (end > start) {
		snprintf(sec->name, sizeof(sec->name), "%s", name);
		sec->start = start;
		sec->end = end;
		sec->code = code;
		w->nr_sections++;
	}
}

static bool plan_sections(struct writer *w)
{
	const struct chv_symbols *s = w->s;
	uint64_t text = address_of(s, "_text", address_of(s, "_stext", 0));
	uint64_t etext = address_of(s, "_etext", text);
	uint64_t init = address_of(s, "_sinittext", etext);
	uint64_t einit = address_of(s, "_einittext", init);
	uint64_t end = address_of(s, "_end", einit);

	w->sections = calloc(s->nr_modules + 4, sizeof(*w->sections));
	if (w->sections == NULL || text == 0) {
		return false;
	}
	add_section(w, ".text", text, etext, true);
	add_section(w, ".data", etext, init, false);
	add_section(w, ".init.text", init, einit, true);
	add_section(w, ".bss", einit, end, false);
	for (size_t i = 0; i < s->nr_modules; i++) {
		char name[80];

		snprintf(name, sizeof(name), ".module.%s", s->modules[i].name);
		add_section(w, name, s->modules[i].base,
		            s->modules[i].base + s->modules[i].size, true);
	}
	return true;
}

/* Sections are numbered from 1; SHN_ABS when none covers @address. */
static GElf_Half section_of(const struct writer *w,
                            const struct chv_symbol *sym)
{
	for (size_t i = 0; !sym->absolute && i < w->nr_sections; i++) {
		if (sym->address >= w->sections[i].start &&
		    sym->address < w->sections[i].end) {
			return (GElf_Half)(i + 1);
		}
	}
	return SHN_ABS;
}

static unsigned char info_of(const struct chv_symbol *sym)
{
	bool code = strchr("tTwW", sym->type) != NULL;
	bool local = sym->type >= 'a' && sym->type <= 'z' && sym->type != 'w';

	return GELF_ST_INFO(local ? STB_LOCAL : STB_GLOBAL,
	                    code ? STT_FUNC : STT_OBJECT);
}

static void add_symbol(struct writer *w, const struct chv_symbol *sym)
{
	size_t len = strlen(sym->name) + 1;

	w->table[w->nr_table++] =
		(GElf_Sym){.st_name = (GElf_Word)w->strings_len,
	                   .st_info = info_of(sym),
	                   .st_shndx = section_of(w, sym),
	                   .st_value = sym->address,
	                   .st_size = sym->size};
	memcpy(w->strings + w->strings_len, sym->name, len);
	w->strings_len += len;
}

/* ELF wants local symbols first. Returns how many there are, or 0. */
static size_t fill_table(struct writer *w)
{
	const struct chv_symbols *s = w->s;
	size_t total = 1;
	size_t nr_local;

	for (size_t i = 0; i < s->nr; i++) {
		total += strlen(s->list[i].name) + 1;
	}
	w->strings = calloc(1, total);
	w->table = calloc(s->nr + 1, sizeof(*w->table));
	if (w->strings == NULL || w->table == NULL || total > UINT32_MAX) {
		return 0;
	}
	w->strings_len = 1;
	w->nr_table = 1;
	for (size_t i = 0; i < s->nr; i++) {
		if (GELF_ST_BIND(info_of(&s->list[i])) == STB_LOCAL) {
			add_symbol(w, &s->list[i]);
		}
	}
	nr_local = w->nr_table;
	for (size_t i = 0; i < s->nr; i++) {
		if (GELF_ST_BIND(info_of(&s->list[i])) != STB_LOCAL) {
			add_symbol(w, &s->list[i]);
		}
	}
	return nr_local;
}

static GElf_Word add_name(struct writer *w, const char *name)
{
	GElf_Word at = (GElf_Word)w->names_len;
	size_t len = strlen(name) + 1;

	memcpy(w->names + at, name, len);
	w->names_len += len;
	return at;
}

static bool put_section(struct writer *w, const char *name, GElf_Shdr *shdr,
                        void *buf, size_t size, Elf_Type type)
{
	Elf_Scn *scn = elf_newscn(w->elf);
	Elf_Data *data = scn != NULL ? elf_newdata(scn) : NULL;

	if (data == NULL) {
		return false;
	}
	data->d_buf = buf;
	data->d_size = size;
	data->d_type = type;
	data->d_align = shdr->sh_addralign;
	data->d_version = EV_CURRENT;
	shdr->sh_name = add_name(w, name);
	return gelf_update_shdr(scn, shdr) != 0;
}

static bool put_memory(struct writer *w)
{
	bool ok = true;

	for (size_t i = 0; ok && i < w->nr_sections; i++) {
		const struct section *sec = &w->sections[i];
		GElf_Shdr shdr = {.sh_type = SHT_NOBITS,
		                  .sh_flags =
		                          SHF_ALLOC | (sec->code ? SHF_EXECINSTR
		                                                 : SHF_WRITE),
		                  .sh_addr = sec->start,
		                  .sh_size = sec->end - sec->start,
		                  .sh_addralign = 1};

		ok = put_section(w, sec->name, &shdr, NULL,
		                 sec->end - sec->start, ELF_T_BYTE);
	}
	return ok;
}

static bool put_tables(struct writer *w, size_t nr_local)
{
	GElf_Word strtab = (GElf_Word)w->nr_sections + 2;
	GElf_Shdr sym = {.sh_type = SHT_SYMTAB,
	                 .sh_link = strtab,
	                 .sh_info = (GElf_Word)nr_local,
	                 .sh_addralign = 8,
	                 .sh_entsize = sizeof(GElf_Sym)};
	GElf_Shdr str = {.sh_type = SHT_STRTAB, .sh_addralign = 1};
	GElf_Shdr names = {.sh_type = SHT_STRTAB, .sh_addralign = 1};
	/* Its own name is in it, so its length is settled first. */
	size_t names_len = w->names_len + sizeof(".symtab") +
	                   sizeof(".strtab") + sizeof(".shstrtab");

	return put_section(w, ".symtab", &sym, w->table,
	                   w->nr_table * sizeof(*w->table), ELF_T_SYM) &&
	       put_section(w, ".strtab", &str, w->strings, w->strings_len,
	                   ELF_T_BYTE) &&
	       put_section(w, ".shstrtab", &names, w->names, names_len,
	                   ELF_T_BYTE);
}

static bool put_header(struct writer *w)
{
	GElf_Ehdr ehdr;

	if (gelf_newehdr(w->elf, ELFCLASS64) == NULL ||
	    gelf_getehdr(w->elf, &ehdr) == NULL) {
		return false;
	}
	ehdr.e_type = ET_EXEC;
	ehdr.e_machine = EM_X86_64;
	ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr.e_version = EV_CURRENT;
	ehdr.e_shstrndx = (GElf_Half)(w->nr_sections + 3);
	return gelf_update_ehdr(w->elf, &ehdr) != 0;
}

static bool write_all(struct writer *w)
{
	size_t nr_local;

	if (!plan_sections(w)) {
		return false;
	}
	w->names = calloc(w->nr_sections + 4, sizeof(w->sections[0].name));
	nr_local = fill_table(w);
	if (w->names == NULL || nr_local == 0) {
		return false;
	}
	w->names_len = 1;
	return put_header(w) && put_memory(w) && put_tables(w, nr_local) &&
	       elf_update(w->elf, ELF_C_WRITE) >= 0;
}

int chv_symbols_write_elf(const struct chv_symbols *s, const char *path,
                          char *error, size_t size)
{
	struct writer w = {.s = s};
	int err = 0;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0) {
		err = -errno;
		snprintf(error, size, "%s: %s", path, strerror(-err));
		return err;
	}
	elf_version(EV_CURRENT);
	w.elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (w.elf == NULL || !write_all(&w)) {
		err = -EIO;
		snprintf(error, size, "%s: %s", path, elf_errmsg(-1));
	}
	elf_end(w.elf);
	free(w.sections);
	free(w.names);
	free(w.strings);
	free(w.table);
	if (close(fd) != 0 && err == 0) {
		err = -errno;
		snprintf(error, size, "%s: %s", path, strerror(-err));
	}
	return err;
}
