#pragma once
// Errors of building, loading and direct calls.
//
// Everything that can go wrong before a network runs is thrown as an Error of one of the kinds below; what can go wrong
// while it runs is a Status (base/status.hpp). A message is one sentence a part, always in this order:
//
//   <operation>: <argument> <actual>; expected <required>. <remedy>
//
// for example  "matmul: b is [3, 4]; expected [5, *], for a is [2, 5]. Transpose b or pass {.transpose_b = true}."

#include <stdexcept>
#include <string>

namespace elegans {

// The parts of a message. `operation` says who complains (an operation, a layer's path, a file with its line),
// `argument` what is wrong, `actual` what was found there, `required` what was expected, `remedy` what to do about it
// (a whole sentence, or empty).
struct Complaint {
  std::string operation;
  std::string argument;
  std::string actual;
  std::string required;
  std::string remedy;
};

std::string to_string(const Complaint& complaint);

// Base of everything that elegans throws.
class Error : public std::runtime_error {
 public:
  explicit Error(const Complaint& complaint) : std::runtime_error(to_string(complaint)) {}
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

// A shape does not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};
// A dtype does not fit, or two are mixed.
class DtypeError : public Error {
 public:
  using Error::Error;
};
// A file is damaged, foreign or holds a value that cannot be.
class FormatError : public Error {
 public:
  using Error::Error;
};
// An option, argument or configuration is out of its range, or misspelt.
class ConfigError : public Error {
 public:
  using Error::Error;
};
// A file cannot be opened, read or written.
class FileError : public Error {
 public:
  using Error::Error;
};
// elegans broke a promise to itself: please report it.
class InternalError : public Error {
 public:
  using Error::Error;
};

// Throws InternalError with `what` unless `holds`.
void ensure(bool holds, const char* what);

}  // namespace elegans
