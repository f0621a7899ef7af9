
namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Cuts objects out of the pictures of Pascal VOC: the single-label set of the patch-training paper.</summary>
internal static class VocPatches
{
    /// <summary>The objects that are wanted, picture by picture; each picture is decoded once.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="minSide">The least width and height of a box, in pixels.</param>
    /// <param name="withDifficult">Whether difficult objects count.</param>
    public static IEnumerable<Patch> Cut(IEnumerable<VocImage> images, int minSide, bool withDifficult)
    {
        foreach (VocImage image in images)
        {
            VocObject[] wanted = [.. image.Objects.Where(thing => (withDifficult || !thing.Difficult) && IsLarge(thing.Box, image, minSide))];
            if (wanted.Length == 0)
                continue;
            (DecodedImage? picture, byte[] encoded) = Decode(image);
            foreach (VocObject thing in wanted)
                yield return new Patch(image.Path, thing.ClassName, picture is null ? encoded : Encode(picture, thing.Box));
        }
    }

    // A picture that cannot be read goes on as it is: whoever decodes the patch meets the same error and has a policy for it.
    private static (DecodedImage? Picture, byte[] Encoded) Decode(VocImage image)
    {
        byte[] encoded = File.Exists(image.Path) ? File.ReadAllBytes(image.Path) : [];
        DecodedImage picture;
        try
        {
            picture = ImageCodec.Decode(encoded);
        }
        catch (ImageDecodeException)
        {
            return (null, encoded);
        }
        return (picture.Width, picture.Height) == (image.Width, image.Height)
            ? (picture, encoded)
            : throw new InvalidDataException(FormattableString.Invariant($"'{image.Path}' is {picture.Width}x{picture.Height}; its annotation says {image.Width}x{image.Height}."));
    }

    private static bool IsLarge(ImageBox box, VocImage image, int minSide)
    {
        (_, _, int width, int height) = box.Within(image.Width, image.Height);
        return width >= Math.Max(1, minSide) && height >= Math.Max(1, minSide);
    }

    private static byte[] Encode(DecodedImage picture, ImageBox box)
    {
        (int x, int y, int width, int height) = box.Within(picture.Width, picture.Height);
        DecodedImage cut = ((PixelView)picture).Part(x, y, width, height).ToImage();
        return ImageCodec.EncodePng(cut.Pixels, width, height, level: 0);
    }
}
