// Picture files to 8-bit pixels: JPEG, PNG, BMP, GIF (first frame), WebP (first frame), told by their first bytes.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum mlnetfm_pixel_layout {
    MLNETFM_RGB = 0,   // 3 bytes a pixel; transparency is dropped, not blended: what Pillow's convert("RGB") does
    MLNETFM_RGBA = 1,  // 4 bytes a pixel, alpha not premultiplied, 255 where the picture has none
    MLNETFM_BGRA = 2,
};

struct mlnetfm_image {
    uint8_t* pixels;  // height rows of width pixels without padding; give back with mlnetfm_image_free
    int32_t width;
    int32_t height;
    int32_t full_width;  // what the file has
    int32_t full_height;
    int32_t shrink;  // how many of the file's pixels, along each side, became one; fewer at the right and lower edge
};

// A picture may come smaller than it is where that spares work (JPEG: a half, a quarter, an eighth, scaled before the inverse transform), but not less than
// min_width and min_height, upright, and with fractions of pixels at no other than the right and lower edge; with 0 for either it comes as it is. max_pixels counts what the header says.
// Returns 0, or another number after writing what is wrong (UTF-8, ended by NUL, cut to error_capacity) to error.
// upright != 0: turned and mirrored as the EXIF orientation says. Never ends the process, whatever the bytes are.
int32_t mlnetfm_image_decode(const uint8_t* bytes, int64_t length, int64_t max_pixels, int32_t min_width, int32_t min_height, int32_t layout,
                             int32_t upright, struct mlnetfm_image* image, char* error, int32_t error_capacity);

void mlnetfm_image_free(uint8_t* pixels);

#ifdef __cplusplus
}
#endif
