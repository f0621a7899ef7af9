namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Every kind of dependency except constants is found in IL.</summary>
public sealed class TypeUsesTests
{
    [Fact]
    public void Of_EachWayToUseAType_IsFound()
    {
        string user = typeof(User<>).FullName!.Split('`')[0],
            own = typeof(User<>).Assembly.GetName().Name!;

        string[] used =
        [
            .. TypeUses
                .Of(typeof(User<>).Assembly.Location)
                .Where(use => use.User == user && use.Assembly == own)
                .Select(use => use.Used.Split('.')[^1])
                .Order(StringComparer.Ordinal),
        ];

        Assert.Equal(
            [
                nameof(ByArrayField),
                nameof(ByAttributeArgument),
                nameof(ByAttributeAttribute),
                nameof(ByBase),
                nameof(ByCast),
                nameof(ByCatch),
                nameof(ByConstraint),
                nameof(ByEnumArgument),
                nameof(ByInterface),
                nameof(ByIterator),
                nameof(ByLambda),
                nameof(ByStaticCall),
                nameof(ByTypeArgument),
                nameof(ByTypeOf),
            ],
            used
        );
    }
}

internal class ByBase;

internal interface ByInterface;

internal sealed class ByConstraint;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class ByAttributeAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}

internal sealed class ByAttributeArgument;

internal sealed class ByArrayField;

internal sealed class ByCast;

internal sealed class ByCatch : Exception;

internal enum ByEnumArgument
{
    None,
}

internal sealed class ByIterator;

internal sealed class ByLambda;

internal static class ByStaticCall
{
    public static void Take(ByEnumArgument argument) => _ = argument;
}

internal sealed class ByTypeArgument;

internal sealed class ByTypeOf;

[ByAttribute(typeof(ByAttributeArgument))]
internal sealed class User<T> : ByBase, ByInterface
    where T : IEquatable<ByConstraint>
{
    private readonly ByArrayField[] _field = [];

    public object Field => _field;

    public static bool Cast(object value) => value is ByCast;

    public static Func<object> Lambda(int value) => () => value > 0 ? new ByLambda() : value;

    public static IEnumerable<object> Iterator()
    {
        yield return new ByIterator();
    }

    public static object Types() => (typeof(ByTypeOf), Array.Empty<List<ByTypeArgument>>());

    public static void Catch()
    {
        try
        {
            ByStaticCall.Take(ByEnumArgument.None);
        }
        catch (ByCatch) { }
    }
}
