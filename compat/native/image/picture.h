// What the decoders share.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace image {

// The bytes cannot be turned into pixels; what() says why, to the user.
struct DecodeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Bytes {
    const uint8_t* data;
    size_t size;
};

struct Request {
    int64_t max_pixels;
    int min_width, min_height;  // 0: full size
    bool upright;               // what the sides above are of
    bool rgb;                   // whether transparency is dropped
};

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

struct Picture {
    int width = 0;
    int height = 0;
    int full_width = 0;                     // what the file has, where that is more
    int full_height = 0;
    int shrink = 1;
    int orientation = 1;                    // EXIF, 1 to 8
    int channels = 4;                       // RGBA; 3 where a decoder gives RGB and nothing is left to be arranged
    std::unique_ptr<uint8_t, Free> pixels;  // rows without padding

    // Refuses a size out of bounds.
    static void check_size(int64_t columns, int64_t rows, int64_t max_pixels);

    // Refuses a size out of bounds before any memory is taken. What is taken is zero and, from calloc, costs nothing until it is written:
    // a large header on a small damaged file is cheap.
    void allocate(int64_t columns, int64_t rows, int64_t max_pixels);

    size_t bytes() const { return static_cast<size_t>(channels) * static_cast<size_t>(width) * static_cast<size_t>(height); }

    uint8_t* at(int x, int y) { return pixels.get() + channels * (static_cast<size_t>(y) * width + x); }
};

struct Color {
    uint8_t red, green, blue, alpha;
};

inline void put(uint8_t* pixel, Color color) {
    pixel[0] = color.red;
    pixel[1] = color.green;
    pixel[2] = color.blue;
    pixel[3] = color.alpha;
}

Picture decode_jpeg(Bytes file, const Request& request);
Picture decode_png(Bytes file, int64_t max_pixels);
Picture decode_bmp(Bytes file, int64_t max_pixels);
Picture decode_gif(Bytes file, int64_t max_pixels);
Picture decode_webp(Bytes file, int64_t max_pixels);

// The orientation that a TIFF-structured EXIF block gives, with or without "Exif\0\0" before it; 1 where it is absent or makes no sense.
int exif_orientation(Bytes exif);

// A palette in which what the file leaves out is a ramp of grays, as in Pillow.
std::vector<Color> gray_ramp();

}  // namespace image
