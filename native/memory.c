/* Gives memory back to the kernel: free heap (malloc_trim(3)), and pages of programs that stand on the disk all the same. */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "addon.h"

enum { MAX_LINE = 4352 };

/* A mapping of a file that nobody can write to, as /proc/self/smaps has it (proc(5)). */
struct mapping {
  uintptr_t start;
  uintptr_t end;
  bool droppable;
};

/* Whether a line begins a mapping; fills it in then. */
static bool read_mapping(const char *line, struct mapping *mapping) {
  uintptr_t start;
  uintptr_t end;
  char permissions[5];
  unsigned long inode;
  if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &start, &end, permissions, &inode) != 4) {
    return false;
  }
  *mapping = (struct mapping){start, end, inode != 0 && strchr(permissions, 'w') == NULL && permissions[3] == 'p'};
  return true;
}

/* dropCleanPages(): number. Only what is the file's, byte for byte, may go: a mapping with pages of its own, such as relocated
 * ones, or code that was moved into large pages, would lose them. It comes back from the file when it is touched again. */
static napi_value drop_clean_pages(napi_env env, napi_callback_info info) {
  char line[MAX_LINE];
  struct mapping mapping = {0};
  unsigned long resident = 0;
  unsigned long kilobytes;
  double dropped = 0;
  napi_value result;
  FILE *smaps = fopen("/proc/self/smaps", "re");

  (void)info;
  if (smaps == NULL) {
    throw_errno(env, "/proc/self/smaps", errno);
    return NULL;
  }
  while (fgets(line, sizeof line, smaps) != NULL) {
    if (read_mapping(line, &mapping)) {
      continue;
    }
    if (sscanf(line, "Rss: %lu kB", &kilobytes) == 1) {
      resident = kilobytes;
    }
    /* The last of what tells of a page that is not the file's. */
    if (sscanf(line, "Anonymous: %lu kB", &kilobytes) == 1 && mapping.droppable && kilobytes == 0) {
      if (madvise((void *)mapping.start, mapping.end - mapping.start, MADV_DONTNEED) == 0) {
        dropped += (double)resident * 1024;
      }
    }
  }
  fclose(smaps);
  must(env, napi_create_double(env, dropped, &result), "create_double");
  return result;
}

/* trimHeap(): void. What is freed in small pieces stays with the process otherwise. */
static napi_value trim_heap(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return NULL;
}

void export_memory(napi_env env, napi_value exports) {
  export_function(env, exports, "dropCleanPages", drop_clean_pages);
  export_function(env, exports, "trimHeap", trim_heap);
}
