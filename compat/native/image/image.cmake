find_package(JPEG)
find_package(PNG)
find_package(GIF)
find_library(WEBP_LIBRARY webp)
find_library(WEBPDEMUX_LIBRARY webpdemux)
find_path(WEBP_INCLUDE webp/demux.h)

file(GLOB IMAGE_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
if(JPEG_FOUND AND PNG_FOUND AND GIF_FOUND AND WEBP_LIBRARY AND WEBPDEMUX_LIBRARY AND WEBP_INCLUDE)
  add_library(mlnetfm_image SHARED EXCLUDE_FROM_ALL ${IMAGE_SOURCES})
  target_compile_options(mlnetfm_image PRIVATE -Wall -Wextra)
  target_include_directories(mlnetfm_image PRIVATE "${WEBP_INCLUDE}")
  target_link_libraries(mlnetfm_image PRIVATE JPEG::JPEG PNG::PNG GIF::GIF "${WEBPDEMUX_LIBRARY}" "${WEBP_LIBRARY}")
else()
  add_custom_target(mlnetfm_image
    COMMAND ${CMAKE_COMMAND} -E echo "mlnetfm_image needs the headers of libjpeg, libpng, giflib and libwebp"
    COMMAND ${CMAKE_COMMAND} -E false)
endif()
