using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

public sealed class SweepParameterTests
{
    public static TheoryData<string> Kinds { get; } = ["real", "log", "whole", "whole log", "choice"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void PositionOf_ValueAtAPosition_GivesTheSameValue(string kind) =>
        PropertyAssert.Holds(
            Prop.ForAll(
                ArbMap.Default.ArbFor<uint>(),
                drawn =>
                {
                    SweepParameter parameter = Make(kind);
                    object value = parameter.ValueAt(drawn / (uint.MaxValue + 1.0));
                    double position = parameter.PositionOf(value);
                    object again = parameter.ValueAt(position);
                    return position is >= 0 and < 1
                        && (value is double number ? Math.Abs((double)again - number) <= 1e-9 * Math.Abs(number) : again.Equals(value))
                        && parameter.Parse(ChoiceParameter.TextOf(value)).Equals(value);
                }
            )
        );

    [Fact]
    public void WholeNumbers_EvenPlaces_AreDrawnEquallyOften()
    {
        NumberParameter parameter = new("n", 2, 5, wholeNumber: true);

        IEnumerable<IGrouping<object, object>> drawn = Enumerable.Range(0, 4000).Select(i => parameter.ValueAt((i + 0.5) / 4000)).GroupBy(value => value);

        Assert.Equal([(2.0, 1000), (3.0, 1000), (4.0, 1000), (5.0, 1000)], drawn.Select(group => ((double)group.Key, group.Count())));
    }

    [Fact]
    public void WholeNumbers_AroundZero_HaveNoMinusZero() =>
        Assert.Equal("0", ChoiceParameter.TextOf(new NumberParameter("n", 0, 3, wholeNumber: true).ValueAt(0.01)));

    [Fact]
    public void Logarithmic_TheMiddle_IsTheGeometricMean() =>
        Assert.Equal(0.01, (double)new NumberParameter("lr", 1e-4, 1, logarithmic: true).ValueAt(0.5), 12);

    [Fact]
    public void Grid_OfEachKind_IncludesItsBounds()
    {
        Assert.Equal([0.001, 0.01, 0.1], new NumberParameter("lr", 0.001, 0.1, logarithmic: true).Grid(3).Select(value => Math.Round((double)value, 9)));
        Assert.Equal([1.0, 2.0, 3.0], new NumberParameter("n", 1, 3, wholeNumber: true).Grid(9));
        Assert.Equal([0.5], new NumberParameter("x", 0, 1).Grid(1));
        Assert.Equal([32, 64], new ChoiceParameter("b", 32, 64).Grid(1));
    }

    [Fact]
    public void Parameters_Invalid_AreRejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NumberParameter("x", 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NumberParameter("x", 0, 1, logarithmic: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NumberParameter("x", double.NaN, 1));
        Assert.Throws<ArgumentException>(() => new ChoiceParameter("x", 1));
        Assert.Throws<ArgumentException>(() => new ChoiceParameter("x", 1, 1));
        Assert.Throws<ArgumentException>(() => new NumberParameter("", 0, 1));
    }

    private static SweepParameter Make(string kind) =>
        kind switch
        {
            "real" => new NumberParameter("x", -3, 7),
            "log" => new NumberParameter("x", 1e-6, 2, logarithmic: true),
            "whole" => new NumberParameter("x", -2, 9, wholeNumber: true),
            "whole log" => new NumberParameter("x", 1, 300, logarithmic: true, wholeNumber: true),
            _ => new ChoiceParameter("x", "a", 2, true),
        };
}
