/* Serves a step of a network by ONNX Runtime's C interface, on one thread, with tensors over memory of ours made once.
 *
 *     ort_step libonnxruntime.so VERSION step.onnx x 16 state0 64 … -- y 8 next0 64 …
 *
 * Names of inputs, then of outputs, each [1, n] with its n.
 *
 * The library is loaded when this runs and no header of it is needed: OrtApi is a table of functions to which new ones are
 * only ever added at the end, so that the part which is used can be declared here. Slots that are not called are unnamed.
 * Source: the documentation of the C API, struct OrtApi (onnxruntime_c_api.h), version 1. */

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "serve.h"

typedef struct Environment Environment;
typedef struct Options Options;
typedef struct Session Session;
typedef struct MemoryInfo MemoryInfo;
typedef struct Value Value;
typedef struct Status Status; /* null where all is well */
typedef void (*Unused)(void);

typedef struct {
  Unused slots_0_1[2];
  const char* (*get_error_message)(const Status*);
  Status* (*create_environment)(int severity, const char* name, Environment**);
  Unused slots_4_6[3];
  Status* (*create_session)(const Environment*, const char* file, const Options*, Session**);
  Unused slot_8;
  Status* (*run)(Session*, const void* options, const char* const* input_names, const Value* const* inputs,
                 size_t input_count, const char* const* output_names, size_t output_count, Value** outputs);
  Status* (*create_options)(Options**);
  Unused slots_11_12[2];
  Status* (*set_execution_mode)(Options*, int mode);
  Unused slots_14_22[9];
  Status* (*set_optimization_level)(Options*, int level);
  Status* (*set_intra_op_threads)(Options*, int threads);
  Status* (*set_inter_op_threads)(Options*, int threads);
  Unused slots_26_48[23];
  Status* (*create_tensor)(const MemoryInfo*, void* data, size_t bytes, const int64_t* shape, size_t rank, int type,
                           Value**);
  Unused slots_50_68[19];
  Status* (*create_cpu_memory_info)(int allocator, int memory, MemoryInfo**);
} Api;

typedef struct {
  const Api* (*get_api)(uint32_t version);
  const char* (*get_version)(void);
} ApiBase;

enum {
  sequential = 0,
  all_optimizations = 99,
  log_warnings = 2,
  type_float = 1,
  arena_allocator = 1,
  default_memory = 0
};
enum { most_ports = 16 };

typedef struct {
  const Api* api;
  Session* session;
  const char *input_names[most_ports], *output_names[most_ports];
  Value *inputs[most_ports], *outputs[most_ports];
  size_t input_count, output_count;
} Step;

static void check(const Api* api, Status* status) {
  if (!status) return;
  fprintf(stderr, "ONNX Runtime: %s\n", api->get_error_message(status));
  exit(1);
}

static Value* tensor(const Api* api, const MemoryInfo* memory, int64_t size) {
  const int64_t shape[2] = {1, size};
  float* data = calloc((size_t)size, sizeof(float));
  Value* value = NULL;
  for (int64_t i = 0; data && i < size; ++i) data[i] = 0.01f * (float)(i % 17);
  check(api, api->create_tensor(memory, data, (size_t)size * sizeof(float), shape, 2, type_float, &value));
  return value;
}

static void run(void* self, long calls) {
  Step* step = self;
  for (long i = 0; i < calls; ++i)
    check(step->api, step->api->run(step->session, NULL, step->input_names, (const Value* const*)step->inputs,
                                    step->input_count, step->output_names, step->output_count, step->outputs));
}

static void open_session(Step* step, const char* file) {
  const Api* api = step->api;
  Environment* environment = NULL;
  Options* options = NULL;
  check(api, api->create_environment(log_warnings, "bench", &environment));
  check(api, api->create_options(&options));
  check(api, api->set_execution_mode(options, sequential));
  check(api, api->set_optimization_level(options, all_optimizations));
  check(api, api->set_intra_op_threads(options, 1));
  check(api, api->set_inter_op_threads(options, 1));
  check(api, api->create_session(environment, file, options, &step->session));
}

int main(int count, char** words) {
  if (count < 6) return 2;
  void* library = dlopen(words[1], RTLD_NOW);
  const ApiBase* (*base)(void) = NULL;
  if (library) *(void**)&base = dlsym(library, "OrtGetApiBase");
  if (!base) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  Step step = {.api = base()->get_api(1)};
  MemoryInfo* memory = NULL;
  open_session(&step, words[3]);
  check(step.api, step.api->create_cpu_memory_info(arena_allocator, default_memory, &memory));
  int word = 4;
  for (; word + 1 < count && strcmp(words[word], "--") != 0 && step.input_count < most_ports; word += 2) {
    step.input_names[step.input_count] = words[word];
    step.inputs[step.input_count++] = tensor(step.api, memory, atoll(words[word + 1]));
  }
  for (++word; word + 1 < count && step.output_count < most_ports; word += 2) {
    step.output_names[step.output_count] = words[word];
    step.outputs[step.output_count++] = tensor(step.api, memory, atoll(words[word + 1]));
  }
  serve(words[2], run, &step);
  return 0;
}
