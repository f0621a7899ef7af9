using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Augmentation.Engine;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation.Engine;

public sealed class AxisMoveTests
{
    [Theory]
    [InlineData(0, false, new[] { 0, 1, 2, 3 })]
    [InlineData(1, false, new[] { 1, 2, 3, -1 })]
    [InlineData(-1, false, new[] { -1, 0, 1, 2 })]
    [InlineData(0, true, new[] { 3, 2, 1, 0 })]
    [InlineData(1, true, new[] { -1, 3, 2, 1 })]
    [InlineData(-2, true, new[] { 1, 0, -1, -1 })]
    [InlineData(9, false, new[] { -1, -1, -1, -1 })]
    [InlineData(-9, true, new[] { -1, -1, -1, -1 })]
    public void Shift_AnyOffset_GivesPlacesByHand(int offset, bool flipped, int[] expected) =>
        Assert.Equal(expected, Sources(AxisMove.Shift(offset, flipped, 4), 4));

    [Fact]
    public void After_AnyMoves_IsOneAfterTheOther() =>
        PropertyAssert.Holds(
            Prop.ForAll(
                Gen.Choose(1, 9).Three().ToArbitrary(),
                Gen.Choose(-10, 10).Three().ToArbitrary(),
                Gen.Choose(0, 7).ToArbitrary(),
                (sizes, offsets, mirrors) =>
                {
                    int size = sizes.Item1;
                    AxisMove[] moves =
                    [
                        AxisMove.Shift(offsets.Item1, (mirrors & 1) != 0, size),
                        AxisMove.Shift(offsets.Item2, (mirrors & 2) != 0, size),
                        AxisMove.Shift(offsets.Item3, (mirrors & 4) != 0, size),
                    ];
                    int[] expected = [.. Enumerable.Range(0, size)];
                    foreach (AxisMove move in moves)
                    {
                        expected = [.. Sources(move, size).Select(output => output < 0 ? -1 : expected[output])];
                    }

                    return Sources(moves[2].After(moves[1]).After(moves[0]), size).SequenceEqual(expected)
                        && Sources(moves[2].After(moves[1].After(moves[0])), size).SequenceEqual(expected);
                }
            )
        );

    private static int[] Sources(AxisMove move, int size) => [.. Enumerable.Range(0, size).Select(output => move.Source(output) ?? -1)];
}
