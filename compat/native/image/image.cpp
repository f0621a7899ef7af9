#include "image.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "picture.h"

namespace image {
namespace {

bool starts_with(Bytes file, const char* magic, size_t length, size_t offset = 0) {
    return file.size >= offset + length && std::memcmp(file.data + offset, magic, length) == 0;
}

Picture decode(Bytes file, const Request& request) {
    const int64_t max_pixels = request.max_pixels;
    if (starts_with(file, "\xFF\xD8\xFF", 3))
        return decode_jpeg(file, request);
    if (starts_with(file, "\x89PNG\r\n\x1A\n", 8))
        return decode_png(file, max_pixels);
    if (starts_with(file, "GIF87a", 6) || starts_with(file, "GIF89a", 6))
        return decode_gif(file, max_pixels);
    if (starts_with(file, "RIFF", 4) && starts_with(file, "WEBP", 4, 8))
        return decode_webp(file, max_pixels);
    if (starts_with(file, "BM", 2))
        return decode_bmp(file, max_pixels);
    throw DecodeError(file.size == 0 ? "The file is empty." : "The file is no JPEG, PNG, BMP, GIF or WebP picture.");
}

// Walks the source in the order of the target's rows: one start and two steps describe each of the eight orientations.
struct Walk {
    ptrdiff_t start, step, row_step;
    int width, height;
};

Walk walk(int orientation, ptrdiff_t width, ptrdiff_t height) {
    const ptrdiff_t last_column = width - 1, last_row = (height - 1) * width;
    const int w = static_cast<int>(width), h = static_cast<int>(height);
    switch (orientation) {
        case 2: return {last_column, -1, width, w, h};
        case 3: return {last_row + last_column, -1, -width, w, h};
        case 4: return {last_row, 1, -width, w, h};
        case 5: return {0, width, 1, h, w};
        case 6: return {last_row, -width, 1, h, w};
        case 7: return {last_row + last_column, -width, -1, h, w};
        case 8: return {last_column, width, -1, h, w};
        default: return {0, 1, width, w, h};
    }
}

mlnetfm_image arrange(Picture picture, int32_t layout, bool upright) {
    const Walk path = walk(upright ? picture.orientation : 1, picture.width, picture.height);
    const bool turned = upright && picture.orientation >= 5;
    const int full_width = picture.full_width > 0 ? picture.full_width : picture.width, full_height = picture.full_height > 0 ? picture.full_height : picture.height;
    if (picture.channels == 3)
        return {picture.pixels.release(), picture.width, picture.height, full_width, full_height, picture.shrink};
    const size_t channels = layout == MLNETFM_RGB ? 3 : 4;
    const int red = layout == MLNETFM_BGRA ? 2 : 0;
    std::unique_ptr<uint8_t, Free> pixels(static_cast<uint8_t*>(std::malloc(channels * picture.width * picture.height)));
    if (!pixels)
        throw std::bad_alloc();
    uint8_t* target = pixels.get();
    for (int y = 0; y < path.height; y++) {
        ptrdiff_t source = path.start + y * path.row_step;
        for (int x = 0; x < path.width; x++, source += path.step, target += channels) {
            const uint8_t* pixel = picture.pixels.get() + 4 * source;
            target[0] = pixel[red];
            target[1] = pixel[1];
            target[2] = pixel[2 - red];
            if (channels == 4)
                target[3] = pixel[3];
        }
    }
    return {pixels.release(), path.width, path.height, turned ? full_height : full_width, turned ? full_width : full_height, picture.shrink};
}

int32_t fail(const char* message, char* error, int32_t capacity) {
    if (capacity > 0) {
        std::strncpy(error, message, capacity);
        error[capacity - 1] = 0;
    }
    return 1;
}

}  // namespace
}  // namespace image

extern "C" __attribute__((visibility("default"))) int32_t mlnetfm_image_decode(
    const uint8_t* bytes, int64_t length, int64_t max_pixels, int32_t min_width, int32_t min_height, int32_t layout, int32_t upright, mlnetfm_image* result,
    char* error, int32_t error_capacity) {
    try {
        const image::Bytes file{bytes, bytes ? static_cast<size_t>(length) : 0};
        *result = image::arrange(image::decode(file, {max_pixels, min_width, min_height, upright != 0, layout == MLNETFM_RGB}), layout, upright != 0);
        return 0;
    } catch (const std::bad_alloc&) {
        return image::fail("There is not enough memory for the picture.", error, error_capacity);
    } catch (const std::exception& problem) {
        return image::fail(problem.what(), error, error_capacity);
    } catch (...) {
        return image::fail("The picture cannot be read.", error, error_capacity);
    }
}

extern "C" __attribute__((visibility("default"))) void mlnetfm_image_free(uint8_t* pixels) {
    std::free(pixels);
}
