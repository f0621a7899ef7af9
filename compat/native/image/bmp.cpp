#include <algorithm>

#include "picture.h"

namespace image {
namespace {

enum Compression : uint32_t { raw = 0, rle8 = 1, rle4 = 2, bitfields = 3 };

// Little-endian reads that refuse to leave the file.
class Reader {
public:
    explicit Reader(Bytes file) : file_(file) {}

    const uint8_t* bytes(size_t offset, size_t count) const {
        if (count > file_.size || offset > file_.size - count)
            throw DecodeError("The BMP is cut off.");
        return file_.data + offset;
    }

    uint32_t u16(size_t offset) const {
        const uint8_t* b = bytes(offset, 2);
        return b[0] | b[1] << 8;
    }

    uint32_t u32(size_t offset) const { return u16(offset) | u16(offset + 2) << 16; }

private:
    Bytes file_;
};

struct Header {
    int64_t width = 0, height = 0;
    bool top_down = false;
    uint32_t bits = 0, compression = raw, colors = 0;
    size_t palette_offset = 0, palette_entry = 4, pixel_offset = 0;
    uint32_t masks[4] = {};  // red, green, blue, alpha

    explicit Header(const Reader& file) {
        constexpr size_t start = 14;
        pixel_offset = file.u32(10);
        const uint32_t size = file.u32(start);
        if (size == 12)
            read_core(file);
        else if (size == 40 || size == 52 || size == 56 || size == 64 || size == 108 || size == 124)
            read_info(file, size);
        else
            throw DecodeError("The BMP has an unknown header of " + std::to_string(size) + " bytes.");
        palette_offset = start + size;
        if (bits <= 8) {
            if (colors == 0 || colors > 256)
                colors = 1u << bits;
            // Some writers forget the palette when they say where the pixels begin.
            if (pixel_offset == 0 || pixel_offset == palette_offset)
                pixel_offset = palette_offset + palette_entry * colors;
        }
        if (pixel_offset == 0)
            pixel_offset = palette_offset + (size == 40 && compression == bitfields ? 12 : 0);
    }

private:
    void read_core(const Reader& file) {
        width = file.u16(18);
        height = file.u16(20);
        bits = file.u16(24);
        palette_entry = 3;
        default_masks();
    }

    void read_info(const Reader& file, uint32_t size) {
        width = file.u32(18);
        height = static_cast<int32_t>(file.u32(22));
        top_down = height < 0;
        height = top_down ? -height : height;
        bits = file.u16(28);
        compression = file.u32(30);
        colors = file.u32(46);
        default_masks();
        if (compression == bitfields)
            for (int i = 0; i < (size == 40 || size == 52 ? 3 : 4); i++)
                masks[i] = file.u32(54 + 4 * i);
        if ((masks[0] | masks[1] | masks[2] | masks[3]) == 0) {
            default_masks();
            masks[3] = 0xFF000000;
        }
    }

    void default_masks() {
        const bool five_bits = bits == 16;
        masks[0] = five_bits ? 0x7C00 : 0xFF0000;
        masks[1] = five_bits ? 0x03E0 : 0x00FF00;
        masks[2] = five_bits ? 0x001F : 0x0000FF;
    }
};

// The bits under a mask, stretched to 0..255.
class Channel {
public:
    explicit Channel(uint32_t mask) : mask_(mask) {
        while (mask_ != 0 && !(mask_ >> shift_ & 1))
            shift_++;
    }

    uint8_t of(uint32_t value, uint8_t otherwise) const {
        return mask_ == 0 ? otherwise : static_cast<uint8_t>(uint64_t{(value & mask_) >> shift_} * 255 / (mask_ >> shift_));
    }

private:
    uint32_t mask_;
    int shift_ = 0;
};

std::vector<Color> palette(const Reader& file, const Header& header) {
    std::vector<Color> colors = gray_ramp();
    for (uint32_t i = 0; i < header.colors; i++) {
        const uint8_t* entry = file.bytes(header.palette_offset + i * header.palette_entry, 3);
        colors[i] = {entry[2], entry[1], entry[0], 255};
    }
    return colors;
}

void read_indexed(const Reader& file, const Header& header, Picture& picture) {
    const std::vector<Color> colors = palette(file, header);
    const size_t stride = (static_cast<size_t>(header.width) * header.bits + 31) / 32 * 4;
    const int per_byte = 8 / header.bits;
    const uint8_t* pixels = file.bytes(header.pixel_offset, stride * picture.height);
    for (int y = 0; y < picture.height; y++)
        for (int x = 0; x < picture.width; x++) {
            const int shift = 8 - header.bits * (x % per_byte + 1);
            put(picture.at(x, y), colors[pixels[y * stride + x / per_byte] >> shift & ((1 << header.bits) - 1)]);
        }
}

void read_direct(const Reader& file, const Header& header, Picture& picture) {
    const size_t width = header.bits / 8;
    const size_t stride = (static_cast<size_t>(header.width) * header.bits + 31) / 32 * 4;
    const uint8_t* pixels = file.bytes(header.pixel_offset, stride * picture.height);
    const Channel red(header.masks[0]), green(header.masks[1]), blue(header.masks[2]), alpha(header.masks[3]);
    for (int y = 0; y < picture.height; y++)
        for (int x = 0; x < picture.width; x++) {
            uint32_t value = 0;
            for (size_t i = 0; i < width; i++)
                value |= static_cast<uint32_t>(pixels[y * stride + x * width + i]) << 8 * i;
            put(picture.at(x, y), {red.of(value, 0), green.of(value, 0), blue.of(value, 0), alpha.of(value, 255)});
        }
}

// The runs fill the picture as one long line of indices; a run stops at the row's end.
std::vector<uint8_t> unpack_runs(const Reader& file, const Header& header) {
    const bool half_bytes = header.compression == rle4;
    const size_t width = header.width, total = width * header.height;
    std::vector<uint8_t> indices;
    indices.reserve(total);
    const auto append = [&](size_t count, uint8_t value) { indices.insert(indices.end(), std::min(count, total - indices.size()), value); };
    for (size_t at = header.pixel_offset; indices.size() < total;) {
        const uint8_t count = *file.bytes(at, 2), value = *file.bytes(at + 1, 1);
        const size_t column = indices.size() % width;
        at += 2;
        if (count > 0) {
            for (size_t i = 0; i < std::min<size_t>(count, width - column); i++)
                append(1, half_bytes ? (i % 2 ? value & 15 : value >> 4) : value);
        } else if (value == 0) {
            append((width - column) % width, 0);
        } else if (value == 1) {
            break;
        } else if (value == 2) {
            const uint8_t* move = file.bytes(at, 2);
            append(move[0] + move[1] * width, 0);
            at += 2;
        } else {
            const size_t bytes = half_bytes ? (value + 1) / 2 : value;
            const uint8_t* literal = file.bytes(at, bytes);
            for (size_t i = 0; i < value; i++)
                append(1, half_bytes ? (i % 2 ? literal[i / 2] & 15 : literal[i / 2] >> 4) : literal[i]);
            at += bytes + bytes % 2;
        }
    }
    if (indices.size() < total)
        throw DecodeError("The BMP's runs end before its last pixel.");
    return indices;
}

void read_runs(const Reader& file, const Header& header, Picture& picture) {
    const std::vector<Color> colors = palette(file, header);
    const std::vector<uint8_t> indices = unpack_runs(file, header);
    for (size_t i = 0; i < indices.size(); i++)
        put(picture.pixels.get() + 4 * i, colors[indices[i]]);
}

void flip(Picture& picture) {
    const size_t stride = 4 * static_cast<size_t>(picture.width);
    for (int top = 0, bottom = picture.height - 1; top < bottom; top++, bottom--)
        std::swap_ranges(picture.at(0, top), picture.at(0, top) + stride, picture.at(0, bottom));
}

}  // namespace

Picture decode_bmp(Bytes bytes, int64_t max_pixels) {
    const Reader file(bytes);
    const Header header(file);
    const bool indexed = header.bits == 1 || header.bits == 4 || header.bits == 8;
    const bool direct = header.bits == 16 || header.bits == 24 || header.bits == 32;
    const bool runs = (header.compression == rle8 && header.bits == 8) || (header.compression == rle4 && header.bits == 4);
    if (!(indexed && (header.compression == raw || runs)) && !(direct && (header.compression == raw || header.compression == bitfields)))
        throw DecodeError("The BMP has " + std::to_string(header.bits) + " bits a pixel in compression " + std::to_string(header.compression) + ", which is not supported.");
    Picture picture;
    picture.allocate(header.width, header.height, max_pixels);
    if (runs)
        read_runs(file, header, picture);
    else if (indexed)
        read_indexed(file, header, picture);
    else
        read_direct(file, header, picture);
    if (!header.top_down)
        flip(picture);
    return picture;
}

}  // namespace image
