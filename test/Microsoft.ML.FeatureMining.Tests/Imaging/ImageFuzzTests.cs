using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

/// <summary>For any bytes, decoding ends soon with an image or an <see cref="ImageDecodeException"/>.</summary>
public sealed class ImageFuzzTests
{
    private const long MaxPixels = 1 << 20;

    public static TheoryData<string> Pictures => [.. Goldens.Pictures];

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Decode_DamagedFile_GivesAnImageOrAnException(string name)
    {
        byte[] file = Goldens.Picture(name);
        Random random = new(file.Length);

        for (int i = 0; i < 300; i++)
        {
            AssertEndsWell(Damage(file, random), $"{name}, attempt {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Decode_NoiseAfterAHeader_GivesAnImageOrAnException(string name)
    {
        byte[] file = Goldens.Picture(name);
        Random random = new(file.Length);

        for (int i = 0; i < 50; i++)
        {
            var noise = new byte[random.Next(400)];
            random.NextBytes(noise);
            AssertEndsWell([.. file[..random.Next(8, Math.Min(60, file.Length))], .. noise], $"{name}, attempt {i}");
        }
    }

    // Changes a few bytes, mostly in the header. Sometimes truncates the file or repeats a part of it.
    private static byte[] Damage(byte[] file, Random random)
    {
        byte[] damaged = [.. file];
        for (int change = random.Next(1, 6); change > 0; change--)
        {
            damaged[random.Next(random.Next(2) == 0 ? Math.Min(64, file.Length) : file.Length)] = (byte)random.Next(256);
        }

        return random.Next(4) switch
        {
            0 => damaged[..random.Next(file.Length)],
            1 => [.. damaged[..random.Next(file.Length)], .. damaged[random.Next(file.Length)..]],
            _ => damaged,
        };
    }

    private static void AssertEndsWell(byte[] bytes, string what)
    {
        try
        {
            DecodedImage image = ImageCodec.Decode(bytes, MaxPixels);
            Assert.Equal(3 * image.Width * image.Height, image.Pixels.Length);
        }
        catch (ImageDecodeException refusal)
        {
            Assert.NotEmpty(refusal.Message);
        }
        catch (Exception other)
        {
            Assert.Fail($"{what}: {other}");
        }
    }
}
