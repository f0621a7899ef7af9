using System.Reflection;

namespace Compat.Api.Tests;

/// <summary>
/// Real/ASSEMBLY.txt holds, of the real assembly's list, the lines of exactly those types that the stand-in defines.
/// A line is compared without what follows a type's name and without a member's tags.
/// </summary>
public sealed class StandInTests
{
    public static TheoryData<string> Assemblies()
        => [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Real"), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)!).Order()];

    [SkippableTheory]
    [MemberData(nameof(Assemblies))]
    public void EveryMember_IsOneOfTheRealAssembly(string assembly)
    {
        Skip.IfNot(Metadata("Dependencies") == "compat", "This build uses the real assemblies.");
        HashSet<string> real = [.. Committed(assembly).Select(ApiList.Key)];

        string[] made = [.. ApiList.Of(Assembly.Load(assembly)).Where(line => !real.Contains(ApiList.Key(line)))];

        Assert.Empty(made);
    }

    [SkippableTheory]
    [MemberData(nameof(Assemblies))]
    public void CommittedList_HoldsTheTypesOfTheStandIn(string assembly)
    {
        Skip.IfNot(Metadata("Dependencies") == "compat", "This build uses the real assemblies.");

        Assert.Equal(Types(ApiList.Of(Assembly.Load(assembly))), Types(Committed(assembly)));
    }

    [SkippableTheory]
    [MemberData(nameof(Assemblies))]
    public void CommittedList_IsAllThatTheRealListSaysOfItsTypes(string assembly)
    {
        string full = Path.Combine(Metadata("Root"), "..", "shared", "reference", "api", assembly + ".txt");
        Skip.IfNot(File.Exists(full), "The whole lists of the real assemblies are not beside this checkout.");
        HashSet<string> types = [.. Types(Committed(assembly))];

        Assert.Equal(File.ReadLines(full).Where(line => types.Contains(ApiList.TypeOf(line))), Committed(assembly));
    }

    [Fact]
    public void Lists_AreThere() => Assert.True(Assemblies().Count >= 4);

    private static string[] Committed(string assembly) => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Real", assembly + ".txt"));

    private static IEnumerable<string> Types(IEnumerable<string> lines) => lines.Select(ApiList.TypeOf).Distinct().Order(StringComparer.Ordinal);

    private static string Metadata(string key)
        => typeof(StandInTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
