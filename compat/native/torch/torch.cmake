# TorchConfig.cmake asks for much that linking does not need (MKL, CUDA's toolkit), so the libraries are named by hand.
set(LIBTORCH "" CACHE PATH "A folder with include/ and lib/ of a libtorch: unpacked, or a Python wheel's torch/; empty takes the system's")
if(LIBTORCH)
  set(TORCH_INCLUDE "${LIBTORCH}/include")
  set(TORCH_LIBRARY "${LIBTORCH}/lib/libtorch.so")
else()
  find_path(TORCH_INCLUDE ATen/ATen.h)
  find_library(TORCH_LIBRARY torch)
endif()

file(GLOB TORCH_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
if(TORCH_SOURCES AND EXISTS "${TORCH_INCLUDE}/ATen/ATen.h" AND EXISTS "${TORCH_LIBRARY}")
  get_filename_component(TORCH_LIBRARY_FOLDER "${TORCH_LIBRARY}" DIRECTORY)
  file(GLOB TORCH_PARTS
    "${TORCH_LIBRARY_FOLDER}/libtorch.so" "${TORCH_LIBRARY_FOLDER}/libtorch_cpu.so" "${TORCH_LIBRARY_FOLDER}/libtorch_cuda.so"
    "${TORCH_LIBRARY_FOLDER}/libc10.so" "${TORCH_LIBRARY_FOLDER}/libc10_cuda.so")
  add_library(mlnetfm_torch SHARED EXCLUDE_FROM_ALL ${TORCH_SOURCES})
  target_compile_options(mlnetfm_torch PRIVATE -Wall -Wextra)
  target_include_directories(mlnetfm_torch SYSTEM PRIVATE "${TORCH_INCLUDE}" "${TORCH_INCLUDE}/torch/csrc/api/include")
  # --no-as-needed keeps libtorch_cuda, which nothing here names and which registers the device by being loaded.
  target_link_libraries(mlnetfm_torch PRIVATE -Wl,--no-as-needed ${TORCH_PARTS})
  # Python's wheels before 2.6 were built with the old strings of libstdc++, and say so only here.
  file(GLOB TORCH_CONFIG "${LIBTORCH}/share/cmake/Torch/TorchConfig.cmake")
  if(LIBTORCH AND TORCH_CONFIG)
    file(STRINGS "${TORCH_CONFIG}" OLD_STRINGS REGEX "_GLIBCXX_USE_CXX11_ABI=0")
    if(OLD_STRINGS)
      target_compile_definitions(mlnetfm_torch PRIVATE _GLIBCXX_USE_CXX11_ABI=0)
    endif()
  endif()
  set_target_properties(mlnetfm_torch PROPERTIES BUILD_RPATH "${TORCH_LIBRARY_FOLDER}")
else()
  add_custom_target(mlnetfm_torch
    COMMAND ${CMAKE_COMMAND} -E echo "mlnetfm_torch needs libtorch: install libtorch-dev, or set LIBTORCH to the folder of one"
    COMMAND ${CMAKE_COMMAND} -E false)
endif()
