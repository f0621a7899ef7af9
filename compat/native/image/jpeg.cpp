#include <cstddef>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include "guard.h"

namespace image {
namespace {

constexpr char damaged[] = "The JPEG is damaged: ";

// A small file can ask for any number of passes over a large picture; real ones have about ten.
constexpr int max_scans = 100;

struct Errors : jpeg_error_mgr {
    ErrorExit exit;
};

[[noreturn]] void leave(j_common_ptr codec) {
    char text[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, text);
    static_cast<Errors*>(codec->err)->exit.leave(text);
}

void stay_silent(j_common_ptr) {}

void limit_scans(j_common_ptr codec) {
    if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > max_scans)
        static_cast<Errors*>(codec->err)->exit.leave("it has too many scans");
}

void nothing(j_decompress_ptr) {}

// There is never more than what stands in memory: libjpeg returns to its caller, which takes it for the end of a cut file.
boolean no_more(j_decompress_ptr) { return FALSE; }

void skip(j_decompress_ptr codec, long count) {
    jpeg_source_mgr* source = codec->src;
    const size_t step = count < 0 ? 0 : static_cast<size_t>(count) < source->bytes_in_buffer ? static_cast<size_t>(count) : source->bytes_in_buffer;
    source->next_input_byte += step;
    source->bytes_in_buffer -= step;
}

class Decoder {
public:
    explicit Decoder(Bytes file) {
        codec_.err = jpeg_std_error(&errors_);
        errors_.error_exit = leave;
        errors_.output_message = stay_silent;
        guard(errors_.exit, damaged, [&] { jpeg_create_decompress(&codec_); });
        source_.next_input_byte = file.data;
        source_.bytes_in_buffer = file.size;
        source_.init_source = nothing;
        source_.fill_input_buffer = no_more;
        source_.skip_input_data = skip;
        source_.resync_to_restart = jpeg_resync_to_restart;
        source_.term_source = nothing;
        codec_.src = &source_;
        progress_.progress_monitor = limit_scans;
        codec_.progress = &progress_;
    }

    ~Decoder() { jpeg_destroy_decompress(&codec_); }

    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    Picture decode(const Request& request) {
        int status = JPEG_SUSPENDED;
        guard(errors_.exit, damaged, [&] {
            jpeg_save_markers(&codec_, JPEG_APP0 + 1, 0xFFFF);
            status = jpeg_read_header(&codec_, TRUE);
        });
        if (status == JPEG_SUSPENDED)
            throw DecodeError("The JPEG is cut off in its header.");
        Picture picture;
        picture.check_size(codec_.image_width, codec_.image_height, request.max_pixels);
        picture.orientation = orientation();
        choose_scale(request, picture.orientation);
        const bool inks = codec_.num_components == 4;
        const bool plain = request.rgb && !inks && (picture.orientation == 1 || !request.upright);
        picture.channels = plain ? 3 : 4;
        picture.allocate(codec_.output_width, codec_.output_height, request.max_pixels);
        picture.full_width = static_cast<int>(codec_.image_width);
        picture.full_height = static_cast<int>(codec_.image_height);
        picture.shrink = 8 / static_cast<int>(codec_.scale_num);
        codec_.out_color_space = inks ? JCS_CMYK : plain ? JCS_RGB : JCS_EXT_RGBA;
        guard(errors_.exit, damaged, [&] { read_rows(picture); });
        if (codec_.output_scanline < codec_.output_height)
            throw DecodeError("The JPEG is cut off: " + std::to_string(codec_.output_scanline) + " of its " + std::to_string(picture.height) + " rows are there.");
        if (inks)
            to_light(picture);
        return picture;
    }

private:
    // The smallest of the scales for which libjpeg has fast transforms that leaves enough.
    // A picture that is to be turned or mirrored must come out without fractions of pixels, which would lie at other edges then.
    void choose_scale(const Request& request, int orientation) {
        const bool turned = request.upright && orientation >= 5;
        const JDIMENSION min_width = turned ? request.min_height : request.min_width, min_height = turned ? request.min_width : request.min_height;
        codec_.scale_denom = 8;
        for (codec_.scale_num = min_width > 0 && min_height > 0 ? 1 : 8; codec_.scale_num <= 8; codec_.scale_num *= 2) {
            guard(errors_.exit, damaged, [&] { jpeg_calc_output_dimensions(&codec_); });
            const JDIMENSION shrink = 8 / codec_.scale_num;
            const bool whole = orientation == 1 || (codec_.image_width % shrink == 0 && codec_.image_height % shrink == 0);
            if (shrink == 1 || (whole && codec_.output_width >= min_width && codec_.output_height >= min_height))
                return;
        }
    }

    void read_rows(Picture& picture) {
        if (!jpeg_start_decompress(&codec_))
            return;
        while (codec_.output_scanline < codec_.output_height) {
            JSAMPROW row = picture.at(0, static_cast<int>(codec_.output_scanline));
            if (jpeg_read_scanlines(&codec_, &row, 1) == 0)
                return;
        }
    }

    int orientation() const {
        for (jpeg_saved_marker_ptr marker = codec_.marker_list; marker != nullptr; marker = marker->next)
            if (marker->data_length > 6 && std::memcmp(marker->data, "Exif\0\0", 6) == 0)
                return exif_orientation({marker->data, marker->data_length});
        return 1;
    }

    // Four inks are stored inverted, as Adobe does: what is read is the light that each lets through.
    static void to_light(Picture& picture) {
        for (size_t i = 0; i < picture.bytes(); i += 4) {
            uint8_t* pixel = picture.pixels.get() + i;
            const int black = pixel[3];
            for (int c = 0; c < 3; c++) {
                const int product = (255 - pixel[c]) * black + 128;
                const int light = black - (((product >> 8) + product) >> 8);
                pixel[c] = static_cast<uint8_t>(light < 0 ? 0 : light);
            }
            pixel[3] = 255;
        }
    }

    Errors errors_;
    jpeg_decompress_struct codec_{};
    jpeg_source_mgr source_{};
    jpeg_progress_mgr progress_{};
};

}  // namespace

Picture decode_jpeg(Bytes file, const Request& request) {
    return Decoder(file).decode(request);
}

}  // namespace image
