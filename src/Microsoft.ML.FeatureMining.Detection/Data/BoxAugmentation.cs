using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static Microsoft.ML.FeatureMining.Native.TensorMath;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Data;

/// <summary>
/// Flips images horizontally and scales them at random, together with the boxes of their objects. A larger image is cropped at a random position, a smaller one
/// is placed at a random position. An object whose center is no longer in the image is dropped, and boxes are clipped to the image.
/// </summary>
internal sealed class BoxAugmentation(DetectionRecipe settings)
{
    /// <summary>Augments images [N,C,S,S] of floats from 0 to 255 and their objects.</summary>
    public (Tensor Images, ObjectBox[][] Objects) Apply(Tensor images, IReadOnlyList<ObjectBox[]> objects, RandomStream random)
    {
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        View[] views = [.. objects.Select(_ => Draw(random))];
        ObjectBox[][] moved = [.. objects.Zip(views, (things, view) => Move(things, view, height, width))];
        return (Sample(images, views), moved);
    }

    private bool Scales => settings.MinScale < 1 || settings.MaxScale > 1;

    private View Draw(RandomStream random)
    {
        bool isFlipped = settings.HorizontalFlip && random.NextInt(2) == 1;
        return Scales
            ? new View(isFlipped, random.NextLogUniform(settings.MinScale, settings.MaxScale), random.NextDouble(), random.NextDouble())
            : new View(isFlipped, 1, 0, 0);
    }

    private static ObjectBox[] Move(ObjectBox[] objects, View view, int height, int width)
    {
        List<ObjectBox> kept = [];
        foreach (ObjectBox thing in objects)
        {
            Box box = thing.Box;
            (float left, float right) = view.IsFlipped ? (width - box.Right, width - box.Left) : (box.Left, box.Right);
            Box moved = new(view.X(left, width), view.Y(box.Top, height), view.X(right, width), view.Y(box.Bottom, height));
            (float x, float y) = ((moved.Left + moved.Right) / 2, (moved.Top + moved.Bottom) / 2);
            Box clipped = moved.Clip(height, width);
            if (x >= 0 && x < width && y >= 0 && y < height && clipped is { Width: > 0, Height: > 0 })
            {
                kept.Add(thing with { Box = clipped });
            }
        }

        return [.. kept];
    }

    private Tensor Sample(Tensor images, View[] views)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = images;
        if (Array.Exists(views, view => view.IsFlipped))
        {
            Tensor isFlipped = Array.ConvertAll(views, view => view.IsFlipped).Upload(images.device, views.Length, 1, 1, 1);
            result = where(isFlipped, images.flip(3), images);
        }

        if (Scales)
        {
            // Outside the image, grid_sample returns 0; the gray beside letterboxed images is not 0.
            Tensor shifted = result.Add(-(double)ImagePreprocessing.LetterboxGray);
            result = nn
                .functional.grid_sample(shifted, Grid(views, images), GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, align_corners: false)
                .Add(ImagePreprocessing.LetterboxGray);
        }

        return result.MoveToOuterDisposeScope();
    }

    // [N,H,W,2]: for each pixel its position in the image before, from -1 to 1.
    private static Tensor Grid(View[] views, Tensor images)
    {
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        float[] xs = new float[views.Length * width];
        float[] ys = new float[views.Length * height];
        for (int n = 0; n < views.Length; n++)
        {
            for (int x = 0; x < width; x++)
            {
                xs[(n * width) + x] = (float)((2 * views[n].SourceX(x + 0.5, width) / width) - 1);
            }

            for (int y = 0; y < height; y++)
            {
                ys[(n * height) + y] = (float)((2 * views[n].SourceY(y + 0.5, height) / height) - 1);
            }
        }

        Tensor columns = xs.Upload(images.device, views.Length, 1, width).expand(views.Length, height, width);
        Tensor rows = ys.Upload(images.device, views.Length, height, 1).expand(views.Length, height, width);
        return stack([columns, rows], 3);
    }

    /// <summary>The part of an image that becomes the augmented image.</summary>
    /// <param name="IsFlipped">Whether the image is flipped before.</param>
    /// <param name="Scale">The factor of the sides of objects.</param>
    /// <param name="XOffset">The position of the part, from 0 (left) to 1 (right).</param>
    /// <param name="YOffset">The same, from 0 (top) to 1 (bottom).</param>
    private readonly record struct View(bool IsFlipped, double Scale, double XOffset, double YOffset)
    {
        public float X(float x, int width) => (float)((x - (XOffset * (width - (width / Scale)))) * Scale);

        public float Y(float y, int height) => (float)((y - (YOffset * (height - (height / Scale)))) * Scale);

        public double SourceX(double x, int width) => (x / Scale) + (XOffset * (width - (width / Scale)));

        public double SourceY(double y, int height) => (y / Scale) + (YOffset * (height - (height / Scale)));
    }
}
