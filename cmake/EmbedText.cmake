# Run by elegans_embed: writes OUTPUT, a source that holds the text of INPUT as one raw string literal.
file(READ "${INPUT}" text)
string(FIND "${text}" ")elegans\"" closing)
if(NOT closing EQUAL -1)
  message(FATAL_ERROR "${INPUT} holds )elegans\", which would end the string literal that it becomes")
endif()
file(WRITE "${OUTPUT}" "// Generated from a file under data/.
#include \"${ROOM}/embedded.hpp\"

namespace elegans::${ROOM}::embedded {

const std::string_view ${SYMBOL} = R\"elegans(${text})elegans\";

}  // namespace elegans::${ROOM}::embedded
")
