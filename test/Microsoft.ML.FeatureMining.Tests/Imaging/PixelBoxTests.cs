using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Imaging;

/// <summary>Which positions a box covers.</summary>
public sealed class PixelBoxTests
{
    [Fact]
    public void Contains_EachPoint_CountsTheArea()
    {
        PixelBox box = new(Top: 2, Left: 1, Height: 4, Width: 3);

        int inside = Enumerable.Range(0, 64).Count(i => box.Contains(i % 8, i / 8));

        Assert.Equal(12, inside);
        Assert.Equal(inside, box.Area);
        Assert.True(box.Contains(1, 2));
        Assert.False(box.Contains(4, 2));
        Assert.False(box.Contains(1, 6));
    }
}
