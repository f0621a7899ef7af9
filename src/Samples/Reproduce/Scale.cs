namespace Samples.Reproduce;

/// <summary>How large an experiment is made.</summary>
internal enum Scale
{
    /// <summary>Seconds on pictures that the program makes itself: shows that it runs, measures nothing.</summary>
    Tiny,

    /// <summary>An honest scaled version: a run takes a few minutes on two CPU cores.</summary>
    Small,

    /// <summary>The paper's recipe: its data in full, and a GPU.</summary>
    Paper,
}
