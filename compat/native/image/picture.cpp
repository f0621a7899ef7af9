#include "picture.h"

#include <climits>
#include <cstring>
#include <new>

namespace image {

void Picture::check_size(int64_t columns, int64_t rows, int64_t max_pixels) {
    const std::string size = std::to_string(columns) + "x" + std::to_string(rows);
    if (columns <= 0 || rows <= 0 || columns > INT_MAX || rows > INT_MAX)
        throw DecodeError("The picture's header says that it is " + size + " pixels large.");
    // The caller counts bytes in 32 bits.
    const int64_t limit = max_pixels < INT_MAX / 4 ? max_pixels : INT_MAX / 4;
    if (columns > limit / rows)
        throw DecodeError("The picture of " + size + " pixels is larger than the limit of " + std::to_string(limit) + " pixels.");
}

void Picture::allocate(int64_t columns, int64_t rows, int64_t max_pixels) {
    check_size(columns, rows, max_pixels);
    width = static_cast<int>(columns);
    height = static_cast<int>(rows);
    pixels.reset(static_cast<uint8_t*>(std::calloc(bytes(), 1)));
    if (!pixels)
        throw std::bad_alloc();
}

namespace {

// Reads that stay inside the block, whatever its offsets say; outside is zero.
class Tiff {
public:
    Tiff(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

    uint32_t number(size_t offset, size_t width) const {
        if (width > bytes_.size || offset > bytes_.size - width)
            return 0;
        uint32_t value = 0;
        for (size_t i = 0; i < width; i++)
            value = value << 8 | bytes_.data[offset + (big_endian_ ? i : width - 1 - i)];
        return value;
    }

private:
    Bytes bytes_;
    bool big_endian_;
};

}  // namespace

int exif_orientation(Bytes exif) {
    constexpr uint32_t orientation_tag = 0x0112, short_type = 3, long_type = 4;
    if (exif.size >= 6 && std::memcmp(exif.data, "Exif\0\0", 6) == 0)
        exif = {exif.data + 6, exif.size - 6};
    if (exif.size < 8)
        return 1;
    const bool big_endian = exif.data[0] == 'M';
    if (std::memcmp(exif.data, big_endian ? "MM\0*" : "II*\0", 4) != 0)
        return 1;
    const Tiff tiff(exif, big_endian);
    const size_t directory = tiff.number(4, 4);
    const uint32_t entries = tiff.number(directory, 2);
    uint32_t orientation = 1;
    for (uint32_t i = 0; i < entries; i++) {
        const size_t entry = directory + 2 + 12 * static_cast<size_t>(i);
        const uint32_t type = tiff.number(entry + 2, 2);
        if (tiff.number(entry, 2) == orientation_tag && (type == short_type || type == long_type) && tiff.number(entry + 4, 4) == 1)
            orientation = tiff.number(entry + 8, type == short_type ? 2 : 4);
    }
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
}

std::vector<Color> gray_ramp() {
    std::vector<Color> ramp(256);
    for (int i = 0; i < 256; i++)
        ramp[i] = {static_cast<uint8_t>(i), static_cast<uint8_t>(i), static_cast<uint8_t>(i), 255};
    return ramp;
}

}  // namespace image
