using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Heat maps over pictures, in the colours that the papers have them in.</summary>
internal static class Overlay
{
    /// <summary>The picture enlarged or reduced, half of it the map's colours, red being most.</summary>
    /// <param name="picture">RGB.</param>
    /// <param name="map">Null for the picture alone.</param>
    /// <param name="side">The longer side of the result.</param>
    public static DecodedImage Draw(DecodedImage picture, HeatMap? map, int side)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        int longer = Math.Max(picture.Width, picture.Height);
        DecodedImage resized = ImageResize.Resize(picture, Math.Max(1, picture.Width * side / longer), Math.Max(1, picture.Height * side / longer));
        if (map is null)
        {
            return resized;
        }

        IReadOnlyList<float> heat = map.Resize(resized.Height, resized.Width).Normalize().Values;
        byte[] pixels = new byte[resized.Pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((resized.Pixels[i] + Jet(heat[i / 3], i % 3) + 1) / 2);
        }

        return new DecodedImage(resized.Width, resized.Height, 3, pixels);
    }

    /// <summary>One channel (0 red, 1 green, 2 blue) of the scale "jet": blue, cyan, yellow, red as the value goes from 0 to 1.</summary>
    public static byte Jet(float value, int channel) => (byte)Math.Round(255 * Math.Clamp(1.5 - Math.Abs(4 * value - (3 - channel)), 0, 1));
}
