namespace Microsoft.ML.FeatureMining.Detection.Networks;

/// <summary>
/// The anchors of all pyramid levels for one image size, as torchvision's <c>AnchorGenerator</c> makes them: level by level, row by row, column by column, and
/// at each position ratio by ratio with all scales. Anchors may extend beyond the image.
/// </summary>
internal sealed class AnchorGrid
{
    /// <summary>The height and width of images are multiples of it: the stride of the last stage of the body.</summary>
    public const int Stride = 32;

    // P3, the finest level.
    private const int FirstStride = 8;
    private const int LevelCount = 5;

    private AnchorGrid(int height, int width, IReadOnlyList<LevelShape> levels, Box[] boxes, int[] levelCounts) =>
        (Height, Width, Levels, Boxes, LevelCounts) = (height, width, levels, boxes, levelCounts);

    public int Height { get; }

    public int Width { get; }

    /// <summary>The size of the feature map of each level, P3 to P7.</summary>
    public IReadOnlyList<LevelShape> Levels { get; }

    /// <summary>The A anchors in the order of the network's predictions.</summary>
    public Box[] Boxes { get; }

    /// <summary>The number of anchors of each level; their sum is A.</summary>
    public IReadOnlyList<int> LevelCounts { get; }

    /// <summary>Creates the anchors for images of one size.</summary>
    /// <exception cref="ArgumentException">Height or width is not a positive multiple of 32.</exception>
    public static AnchorGrid Of(int height, int width, RetinaNetSettings settings)
    {
        LevelShape[] levels = LevelsOf(height, width);
        int[] counts = [.. levels.Select(level => checked(level.Rows * level.Columns * settings.AnchorsPerPosition))];
        Box[] boxes = new Box[counts.Sum()];
        int next = 0;
        foreach ((int index, LevelShape level) in levels.Index())
        {
            Box[] centered = Centered(index, settings);
            // With P6 and P7 of small images, the distance of two positions is not the nominal stride.
            (int rowStride, int columnStride) = (height / level.Rows, width / level.Columns);
            for (int row = 0; row < level.Rows; row++)
            {
                for (int column = 0; column < level.Columns; column++)
                {
                    (float x, float y) = (column * columnStride, row * rowStride);
                    foreach (Box box in centered)
                    {
                        boxes[next++] = new Box(x + box.Left, y + box.Top, x + box.Right, y + box.Bottom);
                    }
                }
            }
        }

        return new AnchorGrid(height, width, levels, boxes, counts);
    }

    private static LevelShape[] LevelsOf(int height, int width)
    {
        if (height < Stride || width < Stride || height % Stride != 0 || width % Stride != 0)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"Images of {width}x{height} pixels do not fit RetinaNet: width and height must be multiples of {Stride}.")
                    + " Pad or resize the images."
            );
        }

        LevelShape[] levels = new LevelShape[LevelCount];
        for (int i = 0; i < LevelCount; i++)
        {
            // Each level halves the one before it, rounded up.
            levels[i] = i == 0 ? new(height / FirstStride, width / FirstStride) : new((levels[i - 1].Rows + 1) / 2, (levels[i - 1].Columns + 1) / 2);
        }

        return levels;
    }

    // The anchors at position (0, 0). Sides are truncated and corners rounded to integers, half to even, in single precision as in torchvision.
    private static Box[] Centered(int level, RetinaNetSettings settings) =>
        [
            .. from ratio in settings.AnchorRatios
            let tall = MathF.Sqrt((float)ratio)
            let wide = 1 / tall
            from scale in Enumerable.Range(0, settings.AnchorScales)
            let size = settings.AnchorSize * (FirstStride << level)
            let side = (float)Math.Truncate(size * Math.Pow(2, (double)scale / settings.AnchorScales))
            select new Box(Corner(-wide * side), Corner(-tall * side), Corner(wide * side), Corner(tall * side)),
        ];

    private static float Corner(float side) => MathF.Round(side / 2);
}

/// <summary>The size of a feature map.</summary>
internal readonly record struct LevelShape(int Rows, int Columns);
