# elegans_embed(ROOM SYMBOL FILE): the text of FILE (below the root) becomes the constant
#   const std::string_view elegans::ROOM::embedded::SYMBOL
# of the room, so that no program has to find the file when it runs. Built again when the file changes.
# The room declares the constant in src/ROOM/embedded.hpp. Nothing happens where the room does not exist yet.
function(elegans_embed room symbol file)
  if(NOT TARGET elegans_${room})
    return()
  endif()
  set(input ${PROJECT_SOURCE_DIR}/${file})
  set(output ${PROJECT_BINARY_DIR}/embedded/${room}/${symbol}.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D ROOM=${room} -D SYMBOL=${symbol} -D INPUT=${input} -D OUTPUT=${output} -P ${script}
    DEPENDS ${input} ${script} VERBATIM COMMENT "Embedding ${file}")
  target_sources(elegans_${room} PRIVATE ${output})
endfunction()

elegans_embed(train japanese_vowels_train data/japanese_vowels/JapaneseVowels_TRAIN.ts)
elegans_embed(train japanese_vowels_test data/japanese_vowels/JapaneseVowels_TEST.ts)
