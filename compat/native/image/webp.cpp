#include <webp/demux.h>

#include <cstring>
#include <memory>

#include "picture.h"

namespace image {
namespace {

int orientation(const WebPDemuxer* container) {
    WebPChunkIterator chunk;
    const bool found = WebPDemuxGetChunk(container, "EXIF", 1, &chunk) != 0;
    const int result = found ? exif_orientation({chunk.chunk.bytes, chunk.chunk.size}) : 1;
    WebPDemuxReleaseChunkIterator(&chunk);
    return result;
}

}  // namespace

Picture decode_webp(Bytes file, int64_t max_pixels) {
    const WebPData data{file.data, file.size};
    const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> container(WebPDemux(&data), WebPDemuxDelete);
    if (!container)
        throw DecodeError("The WebP is damaged or cut off.");
    Picture picture;
    picture.allocate(WebPDemuxGetI(container.get(), WEBP_FF_CANVAS_WIDTH), WebPDemuxGetI(container.get(), WEBP_FF_CANVAS_HEIGHT), max_pixels);
    picture.orientation = orientation(container.get());

    const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, nullptr), WebPAnimDecoderDelete);
    uint8_t* canvas = nullptr;
    int timestamp = 0;
    if (!decoder || !WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp))
        throw DecodeError("The WebP is damaged or cut off: its first frame cannot be decoded.");
    std::memcpy(picture.pixels.get(), canvas, picture.bytes());
    return picture;
}

}  // namespace image
