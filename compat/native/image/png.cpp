#include <png.h>

#include <cstring>

#include "guard.h"

namespace image {
namespace {

constexpr char damaged[] = "The PNG is damaged: ";

[[noreturn]] void leave(png_structp png, png_const_charp text) {
    static_cast<ErrorExit*>(png_get_error_ptr(png))->leave(text);
}

void stay_silent(png_structp, png_const_charp) {}

void read(png_structp png, png_bytep target, size_t count) {
    Bytes* rest = static_cast<Bytes*>(png_get_io_ptr(png));
    if (count > rest->size)
        png_error(png, "it is cut off");
    std::memcpy(target, rest->data, count);
    rest->data += count;
    rest->size -= count;
}

class Decoder {
public:
    explicit Decoder(Bytes file) : rest_(file) {
        png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &exit_, leave, stay_silent);
        info_ = png_ ? png_create_info_struct(png_) : nullptr;
        if (!info_) {
            png_destroy_read_struct(&png_, nullptr, nullptr);
            throw std::bad_alloc();
        }
    }

    ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    Picture decode(int64_t max_pixels) {
        guard(exit_, damaged, [&] {
            png_set_read_fn(png_, &rest_, read);
            png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // Picture has its own
            png_read_info(png_, info_);
        });
        Picture picture;
        picture.allocate(png_get_image_width(png_, info_), png_get_image_height(png_, info_), max_pixels);
        read_pixels(picture);
        picture.orientation = orientation();
        return picture;
    }

private:
    void read_pixels(Picture& picture) {
        const int type = png_get_color_type(png_, info_);
        const bool deep = png_get_bit_depth(png_, info_) == 16;
        const std::vector<Color> colors = type == PNG_COLOR_TYPE_PALETTE ? palette() : std::vector<Color>();
        int passes = 1;
        guard(exit_, damaged, [&] {
            png_set_packing(png_);
            if (type == PNG_COLOR_TYPE_GRAY)
                png_set_expand_gray_1_2_4_to_8(png_);
            if (type != PNG_COLOR_TYPE_PALETTE && png_get_valid(png_, info_, PNG_INFO_tRNS))
                png_set_tRNS_to_alpha(png_);
            passes = png_set_interlace_handling(png_);
            png_read_update_info(png_, info_);
        });
        const size_t stride = png_get_rowbytes(png_, info_);
        const int kept = passes > 1 ? picture.height : 1;  // an interlaced row grows over the passes
        std::vector<uint8_t> rows(stride * kept);
        const Samples samples{png_get_channels(png_, info_), deep ? 2 : 1, deep && type == PNG_COLOR_TYPE_GRAY};
        guard(exit_, damaged, [&] {
            for (int pass = 0; pass < passes; pass++)
                for (int y = 0; y < picture.height; y++) {
                    uint8_t* row = rows.data() + y % kept * stride;
                    png_read_row(png_, row, nullptr);
                    for (int x = 0; pass == passes - 1 && x < picture.width; x++)
                        put(picture.at(x, y), colors.empty() ? samples.pixel(row, x) : colors[row[x]]);
                }
        });
    }

    struct Samples {
        int channels, width;
        bool clipped;

        // Of 16 bits the upper 8 count; but Pillow clips deep grays at 255, and so do we.
        uint8_t sample(const uint8_t* row, int index) const {
            const uint8_t* bytes = row + static_cast<size_t>(index) * width;
            return clipped ? (bytes[0] != 0 ? 255 : bytes[1]) : bytes[0];
        }

        Color pixel(const uint8_t* row, int x) const {
            const int first = x * channels;
            const uint8_t red = sample(row, first);
            const uint8_t green = channels < 3 ? red : sample(row, first + 1);
            const uint8_t blue = channels < 3 ? red : sample(row, first + 2);
            const uint8_t alpha = channels % 2 != 0 ? 255 : row[(static_cast<size_t>(first) + channels - 1) * width];
            return {red, green, blue, alpha};
        }
    };

    std::vector<Color> palette() {
        std::vector<Color> colors = gray_ramp();
        png_colorp entries = nullptr;
        png_bytep alphas = nullptr;
        int count = 0, alpha_count = 0;
        png_get_PLTE(png_, info_, &entries, &count);
        png_get_tRNS(png_, info_, &alphas, &alpha_count, nullptr);
        for (int i = 0; i < count; i++)
            colors[i] = {entries[i].red, entries[i].green, entries[i].blue, i < alpha_count ? alphas[i] : uint8_t{255}};
        return colors;
    }

    // The block may stand behind the pixels. What is wrong there takes nothing from them.
    int orientation() {
        try {
            guard(exit_, damaged, [&] { png_read_end(png_, info_); });
        } catch (const DecodeError&) {
        }
        png_bytep exif = nullptr;
        png_uint_32 size = 0;
        return png_get_eXIf_1(png_, info_, &size, &exif) ? exif_orientation({exif, size}) : 1;
    }

    Bytes rest_;
    ErrorExit exit_;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
};

}  // namespace

Picture decode_png(Bytes file, int64_t max_pixels) {
    return Decoder(file).decode(max_pixels);
}

}  // namespace image
