/* A library with the functions of NVIDIA's libnvidia-ml.so.1 that replays readings.
 *
 * replay() takes a text, one line each:
 *   init !9                                    the code with which nvmlInit fails
 *   device GPU-1b72... 00000000:3B:00.0        later lines belong to this device, which has this UUID and address
 *   nvmlDeviceGetPowerUsage 312500 !15 300000  readings in their order, the last one for ever; !15 is an error's code
 *   nvmlDeviceGetTotalEnergyConsumption @50/250 grows by 50 W on the virtual clock, and by 250 W while kernels run
 *   nvmlDeviceGetMigMode 1/0                   a reading of two numbers
 *   nvmlDeviceGetComputeRunningProcesses_v3 4711:1024,12:18446744073709551615   or - for no process
 *   nvmlDeviceGetClockInfo:1 1980              a function's second argument follows its name
 *   parent 0                                   number of the device that this MIG instance is a part of
 * A function without a line answers "not supported" (3). Structures are those of nvml.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };
enum { DEVICES = 8, READINGS = 40, VALUES = 64, WORD = 160 };

typedef struct {
  char name[WORD];
  char values[VALUES][WORD];
  int count, next;
} Reading;

typedef struct {
  char uuid[WORD], address[WORD];
  int parent, count;
  Reading readings[READINGS];
} Device;

typedef struct {
  unsigned pid;
  unsigned long long used_bytes;
  unsigned gpu_instance, compute_instance;
} Process;

typedef struct {
  unsigned long long total, free, used;
} Memory;

static Device devices[DEVICES];
static int device_count, init_code;

static void read_line(char *line) {
  char *rest, *word = strtok_r(line, " \n", &rest);
  if (word == NULL) return;
  if (strcmp(word, "init") == 0) {
    init_code = atoi(strtok_r(NULL, " \n", &rest) + 1);
    return;
  }
  if (strcmp(word, "device") == 0) {
    Device *device = &devices[device_count++];
    memset(device, 0, sizeof *device);
    if ((word = strtok_r(NULL, " \n", &rest)) != NULL) snprintf(device->uuid, WORD, "%s", word);
    if ((word = strtok_r(NULL, " \n", &rest)) != NULL) snprintf(device->address, WORD, "%s", word);
    return;
  }
  Device *device = &devices[device_count - 1];
  if (strcmp(word, "parent") == 0) {
    device->parent = 1 + atoi(strtok_r(NULL, " \n", &rest));
    return;
  }
  Reading *reading = &device->readings[device->count++];
  snprintf(reading->name, WORD, "%s", word);
  while (reading->count < VALUES && (word = strtok_r(NULL, " \n", &rest)) != NULL)
    snprintf(reading->values[reading->count++], WORD, "%s", word);
}

void replay(const char *text) {
  device_count = init_code = 0;
  char *copy = strdup(text), *rest, *line = strtok_r(copy, "\n", &rest);
  for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) read_line(line);
  free(copy);
}

static void (*timeline)(long long *now_ns, long long *busy_ns);
static long long now_ns, busy_ns;

/* Gives the virtual clock, and the time of all kernels; called at every question. */
void set_timeline(void (*function)(long long *, long long *)) { timeline = function; }

/* The next value of a function; NULL where it has none. */
static const char *next_value(Device *device, const char *name) {
  if (timeline != NULL) timeline(&now_ns, &busy_ns);
  for (int i = 0; i < device->count; i++) {
    Reading *reading = &device->readings[i];
    if (strcmp(reading->name, name) != 0) continue;
    const char *value = reading->values[reading->next];
    if (reading->next + 1 < reading->count) reading->next++;
    return value;
  }
  return NULL;
}

static int code_of(const char *value) { return value == NULL ? NOT_SUPPORTED : value[0] == '!' ? atoi(value + 1) : 0; }

static int number(Device *device, const char *name, unsigned long long *first, unsigned long long *second) {
  const char *value = next_value(device, name);
  if (code_of(value) != 0) return code_of(value);
  char *rest;
  if (value[0] == '@') { /* watts x ns are nanojoules */
    double nanojoules = strtod(value + 1, &rest) * (double)now_ns;
    if (*rest == '/') nanojoules += strtod(rest + 1, NULL) * (double)busy_ns;
    *first = (unsigned long long)(nanojoules * 1e-6);
    return 0;
  }
  *first = strtoull(value, &rest, 0);
  if (second != NULL) *second = *rest == '/' ? strtoull(rest + 1, NULL, 0) : 0;
  return 0;
}

#define ONE(function, type)                               \
  int function(Device *device, type *answer) {            \
    unsigned long long value;                             \
    int code = number(device, #function, &value, NULL);   \
    if (code == 0) *answer = (type)value;                 \
    return code;                                          \
  }
#define TWO(function)                                                        \
  int function(Device *device, unsigned *first, unsigned *second) {          \
    unsigned long long one, other;                                           \
    int code = number(device, #function, &one, &other);                      \
    if (code == 0) *first = (unsigned)one, *second = (unsigned)other;        \
    return code;                                                             \
  }
#define BY_KIND(function)                                                    \
  int function(Device *device, unsigned kind, unsigned *answer) {            \
    char name[WORD];                                                         \
    snprintf(name, WORD, "%s:%u", #function, kind);                          \
    unsigned long long value;                                                \
    int code = number(device, name, &value, NULL);                           \
    if (code == 0) *answer = (unsigned)value;                                \
    return code;                                                             \
  }

ONE(nvmlDeviceGetPowerUsage, unsigned)
ONE(nvmlDeviceGetEnforcedPowerLimit, unsigned)
ONE(nvmlDeviceGetPowerManagementLimit, unsigned)
ONE(nvmlDeviceGetPowerManagementDefaultLimit, unsigned)
ONE(nvmlDeviceGetTotalEnergyConsumption, unsigned long long)
ONE(nvmlDeviceGetCurrentClocksEventReasons, unsigned long long)
ONE(nvmlDeviceGetCurrentClocksThrottleReasons, unsigned long long)
ONE(nvmlDeviceIsMigDeviceHandle, unsigned)
ONE(nvmlDeviceGetVirtualizationMode, unsigned)
ONE(nvmlDeviceGetArchitecture, unsigned)
ONE(nvmlDeviceGetCurrPcieLinkGeneration, unsigned)
ONE(nvmlDeviceGetCurrPcieLinkWidth, unsigned)
TWO(nvmlDeviceGetMigMode)
TWO(nvmlDeviceGetEccMode)
BY_KIND(nvmlDeviceGetClockInfo)
BY_KIND(nvmlDeviceGetMaxClockInfo)
BY_KIND(nvmlDeviceGetDefaultApplicationsClock)
BY_KIND(nvmlDeviceGetTemperature)

int nvmlDeviceGetMemoryInfo(Device *device, Memory *memory) {
  unsigned long long total, used;
  int code = number(device, "nvmlDeviceGetMemoryInfo", &total, &used); /* total/used */
  if (code == 0) *memory = (Memory){total, total - used, used};
  return code;
}

static int processes(Device *device, const char *function, unsigned *count, Process *list) {
  static const char *pending;
  const char *value = list == NULL ? (pending = next_value(device, function)) : pending;
  if (code_of(value) != 0) return code_of(value);
  unsigned room = *count;
  *count = 0;
  for (char *at = (char *)value; *at != '\0' && *at != '-'; at += *at == ',') {
    Process process = {(unsigned)strtoul(at, &at, 10), strtoull(at + 1, &at, 10), -1, -1};
    if (list != NULL && *count < room) list[*count] = process;
    ++*count;
  }
  return list == NULL && *count > 0 ? INSUFFICIENT_SIZE : 0;
}

int nvmlDeviceGetComputeRunningProcesses_v3(Device *device, unsigned *count, Process *list) {
  return processes(device, "nvmlDeviceGetComputeRunningProcesses_v3", count, list);
}

int nvmlDeviceGetComputeRunningProcesses_v2(Device *device, unsigned *count, Process *list) {
  return processes(device, "nvmlDeviceGetComputeRunningProcesses_v2", count, list);
}

int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(Device *device, Device **parent) {
  if (device->parent == 0) return NOT_SUPPORTED;
  *parent = &devices[device->parent - 1];
  return 0;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, Device **device) {
  for (int i = 0; i < device_count; i++)
    if (strcmp(devices[i].uuid, uuid) == 0) return *device = &devices[i], 0;
  return NOT_FOUND;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *address, Device **device) {
  for (int i = 0; i < device_count; i++)
    if (strcasecmp(devices[i].address, address) == 0) return *device = &devices[i], 0;
  return NOT_FOUND;
}

int nvmlDeviceGetCount_v2(unsigned *count) { return *count = (unsigned)device_count, 0; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device) {
  if (index >= (unsigned)device_count) return INVALID_ARGUMENT;
  *device = &devices[index];
  return 0;
}

/* Where a process of its own loads the library, the environment names a file with the text. */
int nvmlInitWithFlags(unsigned flags) {
  (void)flags;
  const char *file = getenv("SCALEBENCH_FAKE_NVML");
  static char text[1 << 16];
  FILE *stream = file == NULL ? NULL : fopen(file, "r");
  if (stream != NULL) {
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    fclose(stream);
    replay(text);
  }
  return init_code;
}

int nvmlShutdown(void) { return 0; }

const char *nvmlErrorString(int code) {
  static char text[32];
  snprintf(text, sizeof text, "replayed error %d", code);
  return text;
}
