#include <gif_lib.h>

#include <algorithm>
#include <cstring>

#include "picture.h"

namespace image {
namespace {

int read(GifFileType* gif, GifByteType* target, int count) {
    Bytes* rest = static_cast<Bytes*>(gif->UserData);
    const int given = static_cast<int>(std::min(rest->size, static_cast<size_t>(count)));
    std::memcpy(target, rest->data, given);
    rest->data += given;
    rest->size -= given;
    return given;
}

class Decoder {
public:
    explicit Decoder(Bytes file) : rest_(file) {
        int code = 0;
        gif_ = DGifOpen(&rest_, read, &code);
        if (!gif_)
            fail(code);
    }

    ~Decoder() { DGifCloseFile(gif_, nullptr); }

    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    // The first frame, opaque, on a canvas that holds both screen and frame. What the frame leaves bare has the transparent color, or else the first.
    Picture decode(int64_t max_pixels) {
        const int transparent = find_frame();
        const GifImageDesc& frame = gif_->Image;
        Picture picture;
        picture.allocate(std::max<int64_t>(gif_->SWidth, int64_t{frame.Left} + frame.Width),
                         std::max<int64_t>(gif_->SHeight, int64_t{frame.Top} + frame.Height), max_pixels);
        std::vector<Color> colors = palette(frame.ColorMap ? frame.ColorMap : gif_->SColorMap);
        if (transparent >= 0)
            colors[transparent].alpha = 0;
        for (int y = 0; y < picture.height; y++)
            for (int x = 0; x < picture.width; x++)
                put(picture.at(x, y), colors[std::max(transparent, 0)]);
        read_rows(picture, frame, colors);
        return picture;
    }

private:
    // Up to the first frame; returns its transparent color or -1.
    int find_frame() {
        int transparent = -1;
        for (;;) {
            GifRecordType record = UNDEFINED_RECORD_TYPE;
            check(DGifGetRecordType(gif_, &record));
            if (record == TERMINATE_RECORD_TYPE)
                throw DecodeError("The GIF holds no picture.");
            if (record == IMAGE_DESC_RECORD_TYPE) {
                check(DGifGetImageDesc(gif_));
                return transparent;
            }
            int kind = 0;
            GifByteType* block = nullptr;
            check(DGifGetExtension(gif_, &kind, &block));
            while (block) {
                if (kind == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4 && (block[1] & 1))
                    transparent = block[4];
                check(DGifGetExtensionNext(gif_, &block));
            }
        }
    }

    void read_rows(Picture& picture, const GifImageDesc& frame, const std::vector<Color>& colors) {
        if (frame.Width <= 0 || frame.Height <= 0)
            throw DecodeError("The GIF's first frame is empty.");
        constexpr int start[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
        std::vector<GifPixelType> row(frame.Width);
        for (int pass = 0; pass < (frame.Interlace ? 4 : 1); pass++)
            for (int y = frame.Interlace ? start[pass] : 0; y < frame.Height; y += frame.Interlace ? step[pass] : 1) {
                check(DGifGetLine(gif_, row.data(), frame.Width));
                for (int x = 0; x < frame.Width; x++)
                    put(picture.at(frame.Left + x, frame.Top + y), colors[row[x]]);
            }
    }

    static std::vector<Color> palette(const ColorMapObject* map) {
        std::vector<Color> colors = gray_ramp();
        for (int i = 0; map && i < map->ColorCount && i < 256; i++)
            colors[i] = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue, 255};
        return colors;
    }

    void check(int status) {
        if (status == GIF_ERROR)
            fail(gif_->Error);
    }

    [[noreturn]] static void fail(int code) {
        const char* text = GifErrorString(code);
        throw DecodeError(std::string("The GIF is damaged or cut off: ") + (text ? text : "unknown error"));
    }

    Bytes rest_;
    GifFileType* gif_;
};

}  // namespace

Picture decode_gif(Bytes file, int64_t max_pixels) {
    return Decoder(file).decode(max_pixels);
}

}  // namespace image
