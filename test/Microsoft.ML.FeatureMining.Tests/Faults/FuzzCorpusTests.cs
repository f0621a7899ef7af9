using System.Diagnostics;
using Fuzz;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>
/// The inputs that fuzzing found (test/Fuzz), those that reach the most code and those that once were faults: each ends soon, with a result or the documented
/// error.
/// </summary>
public sealed class FuzzCorpusTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Names => [.. Fuzz.Program.Targets.Select(target => target.Name)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Run_Corpus_EndsSoonWithAResultOrTheDocumentedError(string name)
    {
        Skip.If(SourceTree.Tests is null, "The source tree was not found.");
        FuzzTarget target = Fuzz.Program.Targets.Single(target => target.Name == name);
        string folder = Path.Combine(SourceTree.Tests!, "..", "Fuzz", "Corpus", name);
        (string Name, byte[] Bytes)[] inputs =
        [
            .. target.Seeds().Select((bytes, i) => ($"seed {i}", bytes)),
            .. (Directory.Exists(folder) ? Directory.GetFiles(folder) : []).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file))),
        ];
        // Compiles the code, which the first input would be charged for.
        target.Run(inputs[0].Bytes);

        Assert.All(
            inputs,
            input =>
            {
                long began = Stopwatch.GetTimestamp();
                target.Run(input.Bytes);
                Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"'{input.Name}' took {Stopwatch.GetElapsedTime(began)}.");
            }
        );
    }
}
