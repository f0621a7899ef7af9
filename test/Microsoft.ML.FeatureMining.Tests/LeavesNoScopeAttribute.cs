using System.Reflection;
using Microsoft.ML.FeatureMining.Tests;
using TorchSharp;
using Xunit.Sdk;

[assembly: LeavesNoScope]

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>
/// Fails a test that leaves a dispose scope open on its thread, or closes one that it did not open: the tensors of a program would be freed too late, or too
/// early.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class LeavesNoScopeAttribute : BeforeAfterTestAttribute
{
    [ThreadStatic]
    private static bool _before;

    public override void Before(MethodInfo methodUnderTest) => _before = IsInAScope();

    public override void After(MethodInfo methodUnderTest)
    {
        // A test that awaits may end on another thread.
        if (methodUnderTest.ReturnType == typeof(void))
        {
            Assert.Equal(_before, IsInAScope());
        }
    }

    private static bool IsInAScope()
    {
        long outside = DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount;
        torch.zeros(1).Dispose();
        return DisposeScopeManager.Statistics.TensorStatistics.CreatedOutsideScopeCount == outside;
    }
}
